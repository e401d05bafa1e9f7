from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright

from authdemo.testing import free_port
from tests.browser import launch_options
from tests.e2e.visitor import Visitor
from tests.support import apps, caddy
from tests.support.caddy import Caddy
from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import ROOT, SECRET, Server, running

EXAMPLES = ROOT / "examples"
NO_PROGRAMS = {"PATH": "/nonexistent", "PYTHONPATH": str(ROOT)}
"""The environment of an image without Node, where this package is installed."""


@dataclass(frozen=True)
class Deployment:
    """An app behind a Caddy."""

    app: Server
    caddy: Caddy


def services(example: str, **variables: str) -> dict[str, Any]:
    """Read the services of an example's `compose.yaml`, with the variables of its `.env` file."""
    text = (EXAMPLES / example / "compose.yaml").read_text()
    filled = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda found: variables[found[1]], text)
    named: dict[str, Any] = yaml.safe_load(filled)["services"]
    return named


def instructions(example: str, name: str) -> list[str]:
    """List the instructions of a kind in an example's Dockerfile."""
    text = (EXAMPLES / example / "Dockerfile").read_text()
    return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)


def environment(service: Mapping[str, Any], **here: str) -> dict[str, str]:
    """List a service's variables, with the values that hold on this machine."""
    declared = {name: str(value) for name, value in service["environment"].items()}
    assert here.keys() <= declared.keys()
    return declared | here


def copy_app(folder: Path) -> Path:
    """Copy the example's app."""
    shutil.copytree(EXAMPLES / "deploy", folder, ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder)
    return folder


@contextlib.contextmanager
def visiting(caddy: Caddy) -> Iterator[Visitor]:
    """Open a browser that trusts a Caddy's certificates."""
    with sync_playwright() as playwright:
        options = launch_options()
        options["args"] = [*options["args"], caddy.chromium_option]
        chromium: Chromium = playwright.chromium.launch(**options)
        with Visitor.with_own_browser(chromium, caddy.url) as visitor:
            yield visitor
            visitor.saw_no_complaint()
        chromium.close()


@pytest.fixture(scope="package")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, redis: Redis, postgresql: PostgreSQL
) -> Iterator[Deployment]:
    """The example of `examples/deploy`: its Dockerfile, its services, its Caddyfile."""
    folder = copy_app(tmp_path_factory.mktemp("deploy") / "app")
    (build,) = [each for each in instructions("deploy", "RUN") if "authdemo.serve" in each]
    words = shlex.split(build.partition(" && ")[0])
    assert words[0] == "python"
    built = subprocess.run(
        [sys.executable, *words[1:]],
        cwd=folder,
        env=apps.environment(None),
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (command,) = instructions("deploy", "CMD")
    python, flag, *program = yaml.safe_load(command)
    assert (python, flag) == ("python", "-m")

    site, port = f"app.localhost:{free_port()}", str(free_port())
    named = services("deploy", SITE=site, AUTH_SECRET=SECRET, POSTGRES_PASSWORD="unused")
    options = shlex.split(named["redis"]["command"])[1:]
    for name, value in zip(options[::2], options[1::2], strict=True):
        redis.ask("CONFIG", "SET", name.removeprefix("--"), value)
    variables = environment(
        named["app"],
        HOST="127.0.0.1",
        PORT=port,
        AUTH_TRUSTED_PROXIES="127.0.0.1",
        REFLEX_REDIS_URL=redis.url,
        DB_URL=postgresql.new_database(),
    )
    to_app = environment(named["caddy"], SITE=site, APP=f"127.0.0.1:{port}")
    log = tmp_path_factory.mktemp("log")
    with (
        running(log, program=program, cwd=folder, **NO_PROGRAMS, **variables) as app,
        caddy.running(
            log, EXAMPLES / "deploy" / "Caddyfile", site=site, APP=to_app["APP"]
        ) as front,
    ):
        yield Deployment(app, front)
