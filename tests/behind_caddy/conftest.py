from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from authdemo.testing import free_port, wait_until
from authdemo.testing.server import stop
from tests.browser import launched
from tests.e2e.visitor import Visitor
from tests.support import apps, caddy
from tests.support.caddy import Caddy
from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import ROOT, SECRET, START_SECONDS, Server, doesnt_complain

EXAMPLES = ROOT / "examples"
WITHOUT_NODE = {**os.environ, "PATH": "/nonexistent", "PYTHONPATH": str(ROOT)}
"""The environment of an image where this package is installed."""


@dataclass(frozen=True)
class Deployment:
    """An app behind a Caddy."""

    app: Server
    caddy: Caddy


@dataclass(frozen=True)
class Example:
    """An example's files.

    Attributes:
        folder: Where they are.
        variables: What its `.env` file sets.
    """

    folder: Path
    variables: dict[str, str]

    def service(self, name: str) -> dict[str, Any]:
        """Read a service of `compose.yaml`."""
        text = (self.folder / "compose.yaml").read_text()
        filled = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda found: self.variables[found[1]], text)
        service: dict[str, Any] = yaml.safe_load(filled)["services"][name]
        return service

    def environment(self, name: str, **here: str) -> dict[str, str]:
        """List a service's variables, with the values that hold on this machine."""
        declared = {k: str(v) for k, v in self.service(name)["environment"].items()}
        return declared | {k: v for k, v in here.items() if k in declared}

    def instructions(self, name: str) -> list[str]:
        """List the instructions of a kind in the Dockerfile."""
        text = (self.folder / "Dockerfile").read_text()
        return re.findall(rf"^{name} (.*)$", text, re.MULTILINE)

    def build(self, app: Path, containing: str, **environ: str) -> str:
        """Run the command that builds the pages, and return what it writes."""
        (run,) = [each for each in self.instructions("RUN") if containing in each]
        program, *words = shlex.split(run.partition(" && ")[0])
        python = [sys.executable] if program == "python" else [sys.executable, "-m", program]
        ended = subprocess.run(
            [*python, *words],
            cwd=app,
            env=apps.environment(None) | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout
        return ended.stdout

    @contextlib.contextmanager
    def deployed(self, app: Path, folder: Path, **here: str) -> Iterator[Deployment]:
        """Start the app, and Caddy in front of it."""
        (command,) = self.instructions("CMD")
        python, *program = yaml.safe_load(command)
        assert python == "python"
        port = str(free_port())
        loopback = {"HOST": "127.0.0.1", "REFLEX_BACKEND_HOST": "127.0.0.1"}
        ports = {"PORT": port, "REFLEX_BACKEND_PORT": port, "APP": f"127.0.0.1:{port}"}
        here = {"AUTH_TRUSTED_PROXIES": "127.0.0.1", **loopback, **ports, **here}
        with (
            started(app, folder / "log", port, program, self.environment("app", **here)) as server,
            caddy.running(
                folder, self.folder / "Caddyfile", **self.environment("caddy", **here)
            ) as front,
        ):
            yield Deployment(server, front)


@contextlib.contextmanager
def started(
    folder: Path, log: Path, port: str, program: list[str], environ: dict[str, str]
) -> Iterator[Server]:
    """Start an app without Node; its log must hold no complaint."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *program],
            cwd=folder,
            env=WITHOUT_NODE | environ,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        wait_until(server.answers, timeout=START_SECONDS, on_timeout=server.logged)
        yield server
    finally:
        stop(process)
    doesnt_complain(server)


@contextlib.contextmanager
def visiting(caddy: Caddy, locale: str = "en-US") -> Iterator[Visitor]:
    """Open a browser that trusts a Caddy's certificates."""
    with (
        launched(caddy.chromium_option) as chromium,
        Visitor.with_own_browser(chromium, caddy.url, locale) as visitor,
    ):
        yield visitor
        visitor.saw_no_complaint()


def example(name: str) -> Example:
    """Choose the host name and the secrets of an example."""
    site = f"app.localhost:{free_port()}"
    variables = {"SITE": site, "AUTH_SECRET": SECRET, "POSTGRES_PASSWORD": "unused"}
    return Example(EXAMPLES / name, variables)


def copy_app(folder: Path) -> Path:
    """Copy the app of both examples."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(EXAMPLES / "deploy", folder / "app", ignore=ignored)
    apps.adopt(folder / "app")
    return folder / "app"


@pytest.fixture(scope="package")
def backends(redis: Redis, postgresql: PostgreSQL) -> dict[str, str]:
    """Redis with the options of the examples, and a new database."""
    options = shlex.split(example("deploy").service("redis")["command"])[1:]
    for name, value in zip(options[::2], options[1::2], strict=True):
        redis.ask("CONFIG", "SET", name.removeprefix("--"), value)
    return {"REFLEX_REDIS_URL": redis.url, "DB_URL": postgresql.new_database()}


@pytest.fixture(scope="package")
def deployment(
    backends: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """The example of `examples/deploy`, by its Dockerfile, its services and its Caddyfile."""
    folder, chosen = tmp_path_factory.mktemp("deploy"), example("deploy")
    app = copy_app(folder)
    chosen.build(app, "authdemo.serve")
    with chosen.deployed(app, folder, **backends) as deployment:
        yield deployment


@pytest.fixture
def visitor(deployment: Deployment) -> Iterator[Visitor]:
    """A visitor of the deployed app."""
    with visiting(deployment.caddy) as visitor:
        yield visitor


@dataclass(frozen=True)
class StaticDeployment(Deployment):
    """An app whose pages Caddy serves, and what their build wrote."""

    build: str


@pytest.fixture(scope="package")
def static(
    backends: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StaticDeployment]:
    """The example of `examples/static`, by its Dockerfile, its services and its Caddyfile."""
    folder, chosen = tmp_path_factory.mktemp("static"), example("static")
    app = copy_app(folder)
    url = f"https://{chosen.variables['SITE']}"
    assert any("REFLEX_API_URL=https://$SITE" in each for each in chosen.instructions("ENV"))
    output = chosen.build(app, "reflex export", REFLEX_API_URL=url)
    pages = str(app / ".web" / "build" / "client")
    with chosen.deployed(app, folder, PAGES=pages, **backends) as deployment:
        yield StaticDeployment(deployment.app, deployment.caddy, output)
