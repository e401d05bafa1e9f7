"""The guide on tokens for other services: the app, and the service that verifies them."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization as se
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from authdemo.testing import free_port, wait_until
from tests.docs.apps import serving
from tests.docs.commands import start_of
from tests.docs.markdown import GUIDES
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import Tab

GUIDE = "tokens-for-other-services"
GRANIAN = ".venv/bin/granian"
BILLING = state("billing")


@dataclass
class World:
    app: Server
    billing: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("tokens")
    port = free_port()
    url = f"http://127.0.0.1:{port}/charge"
    write_signing_key(folder)
    with (
        serving(GUIDE, folder, BILLING_URL=url) as app,
        service(folder, port, app.url),
    ):
        yield World(app, url)


def write_signing_key(folder: Path) -> None:
    """Make the key that the guide makes with OpenSSL."""
    path = folder / "signing.pem"
    shape = (se.Encoding.PEM, se.PrivateFormat.PKCS8, se.NoEncryption())
    path.write_bytes(Ed25519PrivateKey.generate().private_bytes(*shape))
    path.chmod(0o600)


@contextlib.contextmanager
def service(folder: Path, port: int, app: str) -> Iterator[None]:
    told = start_of(GUIDES / f"{GUIDE}.md", GRANIAN)
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


def test_a_service_knows_who_the_user_is(world: World) -> None:
    ada = Browser(world.app)
    assert ada.log_in("ada").status_code == 200
    with Tab(world.app, ada) as tab:
        tab.call(f"{BILLING}.ask")
        wait_until(lambda: tab.var(BILLING, "answer") == "ada pays for gold")
        assert "eyJ" not in tab.received()


def test_the_session_cookie_is_worth_nothing_there(world: World) -> None:
    ada = Browser(world.app)
    ada.log_in("ada")
    assert jwt.get_unverified_header(ada.token or "")["alg"] == "EdDSA"
    answer = httpx.post(world.billing, headers={"Authorization": f"Bearer {ada.token}"})
    assert answer.status_code == 401


def test_the_keys_are_there_for_everybody_and_hold_nothing_private(world: World) -> None:
    answer = Browser(world.app).get("/api/auth/jwks")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert [set(key) for key in answer.json()["keys"]] == [{"kty", "crv", "x", "kid", "use", "alg"}]
