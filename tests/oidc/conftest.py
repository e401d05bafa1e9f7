from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium

from authdemo.testing import free_port, wait_until
from tests.browser import launched
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.github import GitHub
from tests.support import apps, npm
from tests.support.browser import Browser
from tests.support.server import Server

HERE = Path(__file__).parent
SECRET = "the client's secret for tests, 32 bytes"


@pytest.fixture(scope="package")
def cheating() -> Iterator[Cheat]:
    with Cheat() as provider:
        yield provider


@pytest.fixture
def cheat(cheating: Cheat) -> Iterator[Cheat]:
    """A provider that cheats on demand."""
    yield cheating
    cheating.behave()


@pytest.fixture(scope="package")
def running_github() -> Iterator[GitHub]:
    with GitHub(SECRET) as provider:
        yield provider


@pytest.fixture
def github(running_github: GitHub) -> Iterator[GitHub]:
    """A small GitHub, where the octocat is signed in."""
    yield running_github
    running_github.behave()


@pytest.fixture
def browser(app: Server) -> Browser:
    """A browser that nobody has used yet."""
    return Browser(app)


@dataclass(frozen=True)
class Honest:
    """The certified provider, and the ports of the two apps that it knows."""

    issuer: str
    app: int
    demo: int


@pytest.fixture(scope="package")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Honest]:
    """The certified provider."""
    port, app, demo = free_port(), free_port(), free_port()
    known = [f"http://127.0.0.1:{each}" for each in (app, demo)]
    folder, log = HERE / "provider", tmp_path_factory.mktemp("provider") / "log"
    env = npm.install(folder)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["node", "provider.mjs", str(port), CLIENT, SECRET, *known],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # what PyPI's `node` starts has to end as well
        )
    try:
        wait_until(lambda: "ready" in log.read_text())
        yield Honest(f"http://localhost:{port}", app, demo)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


@pytest.fixture(scope="package")
def app(
    tmp_path_factory: pytest.TempPathFactory,
    cheating: Cheat,
    running_github: GitHub,
    honest: Honest,
) -> Iterator[Server]:
    """The app, which signs in at all of them."""
    folder = tmp_path_factory.mktemp("oidc") / "app"
    shutil.copytree(HERE / "app", folder, ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder)
    environ = {
        "HONEST_ISSUER": honest.issuer,
        "CHEAT_ISSUER": cheating.issuer,
        "PROFILE_API": f"{cheating.issuer}/userinfo",
        "CLIENT_SECRET": SECRET,
        "GITHUB_URL": running_github.url,
        "AUTH_LOGIN_RATE": "1000/minute",
    }
    with apps.serving(folder, environ, port=honest.app) as server:
        yield server


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    with launched() as chromium:
        yield chromium
