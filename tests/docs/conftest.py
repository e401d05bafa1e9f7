from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives import serialization as se
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from authdemo.testing import free_port, wait_until
from tests.docs.apps import serving
from tests.docs.commands import start_of
from tests.docs.markdown import GUIDES
from tests.support.server import Server

TOGETHER = (
    "start",
    "protect-an-event-handler",
    "background-tasks",
    "move-from-rx-cookie",
    "tokens-for-other-services",
)
GRANIAN = ".venv/bin/granian"


@dataclass(frozen=True)
class World:
    """An app, and the address of a service that verifies its tokens."""

    app: Server
    billing: str


@pytest.fixture(scope="package")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The app of all guides that don't replace each other's files, and the service it asks."""
    folder = tmp_path_factory.mktemp("guides")
    port = free_port()
    url = f"http://127.0.0.1:{port}/charge"
    write_signing_key(folder)
    with (
        serving(folder, *TOGETHER, BILLING_URL=url) as app,
        service(folder, port, app.url),
    ):
        yield World(app, url)


@pytest.fixture
def app(world: World) -> Server:
    """The same app."""
    return world.app


def write_signing_key(folder: Path) -> None:
    """Make the key that the guide makes with OpenSSL."""
    path = folder / "signing.pem"
    shape = (se.Encoding.PEM, se.PrivateFormat.PKCS8, se.NoEncryption())
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*shape))
    path.chmod(0o600)


@contextlib.contextmanager
def service(folder: Path, port: int, app: str) -> Iterator[None]:
    told = start_of(GUIDES / f"{TOGETHER[-1]}.md", GRANIAN)
    here = {"JWKS_URL": f"{app}/api/auth/jwks"}
    assert told.variables.keys() == here.keys()
    arguments = told.arguments.replace("--port=8001", f"--port={port}").split()
    process = subprocess.Popen(
        [Path(sys.executable).parent / Path(GRANIAN).name, *arguments],
        cwd=folder,
        env={**os.environ, **here},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: is_up(port))
        yield
    finally:
        process.terminate()
        process.wait(10)


def is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/").status_code == 404
    except httpx.TransportError:
        return False
