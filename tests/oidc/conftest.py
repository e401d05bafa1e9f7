from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.sessions.testing import eventually, free_port
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
    """A provider that cheats if it is told to."""
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


@pytest.fixture(scope="package")
def app(
    tmp_path_factory: pytest.TempPathFactory, cheating: Cheat, running_github: GitHub
) -> Iterator[Server]:
    """The app, and beside it the certified provider."""
    folder = tmp_path_factory.mktemp("oidc") / "app"
    shutil.copytree(HERE / "app", folder, ignore=shutil.ignore_patterns("__pycache__"))
    apps.adopt(folder)
    port, provider = free_port(), free_port()
    process = start_provider(folder / "provider.log", provider, f"http://127.0.0.1:{port}")
    environ = {
        "HONEST_ISSUER": f"http://localhost:{provider}",
        "CHEAT_ISSUER": cheating.issuer,
        "CLIENT_SECRET": SECRET,
        "GITHUB_URL": running_github.url,
    }
    try:
        with apps.serving(folder, environ, port=port) as server:
            yield server
    finally:
        process.terminate()
        process.wait(10)


def start_provider(log: Path, port: int, app: str) -> subprocess.Popen[bytes]:
    folder = HERE / "provider"
    env = npm.install(folder)
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["node", "provider.mjs", str(port), CLIENT, SECRET, app],
            cwd=folder,
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    eventually(lambda: "ready" in log.read_text(), within=20)
    return process
