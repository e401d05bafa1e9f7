from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from authdemo.launch import frontend
from tests.launch.launcher import START_SECONDS, Launcher, free_port
from tests.support import apps

ROOT = Path(__file__).resolve().parents[2]
APP = Path(__file__).parent / "app"
COPIED = (
    "Makefile",
    "pyproject.toml",
    "reflex.lock",
    "requirements.txt",
    "requirements-dev.txt",
)
LAUNCHER = (
    "authdemo/__init__.py",
    "authdemo/__main__.py",
    "authdemo/accounts",
    "authdemo/devtools",
    "authdemo/launch",
    "authdemo/logs.py",
    "authdemo/seeds.py",
    "authdemo/serve",
    "authdemo/sessions",
)
SECRET = "the launcher under test signs with this"


def make_project(folder: Path) -> Path:
    """Make a project of this launcher and an app of one page."""
    shutil.copytree(APP, folder, dirs_exist_ok=True)
    for name in COPIED + LAUNCHER:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="session")
def built_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of its own: this launcher, an app of one page, and its pages built."""
    folder = make_project(tmp_path_factory.mktemp("project"))
    apps.adopt(folder)
    build = Launcher([sys.executable, "-m", "authdemo", "build"], folder, {})
    assert build.end(START_SECONDS) == 0, build.lines
    return folder


@pytest.fixture(scope="session")
def kept_build(built_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of its built pages."""
    folder = tmp_path_factory.mktemp("kept")
    apps.adopt(folder, built_project)
    return folder


@pytest.fixture
def project(built_project: Path, kept_build: Path) -> Iterator[Path]:
    """The project's folder; what a test changes in its page and build is undone."""
    page = built_project / "authdemo/authdemo.py"
    original = page.read_text()
    yield built_project
    page.write_text(original)
    record = built_project / frontend.RECORD
    if not record.exists() or record.read_text() != (kept_build / frontend.RECORD).read_text():
        shutil.rmtree(built_project / frontend.WEB, ignore_errors=True)
        apps.adopt(built_project, kept_build)
        (built_project / frontend.UNFINISHED).unlink(missing_ok=True)


@pytest.fixture
def start(project: Path) -> Iterator[Callable[..., Launcher]]:
    """Start `python -m authdemo`, or another command, on a port that is free."""
    started: list[Launcher] = []

    def start(*command: str, folder: Path = project, **env: str) -> Launcher:
        words = list(command) or [sys.executable, "-m", "authdemo", "run"]
        usual = {"HOST": "127.0.0.1", "AUTH_SECRET": SECRET}
        env = {"PORT": str(free_port()), **usual, **env}
        started.append(Launcher(words, folder, env))
        return started[-1]

    yield start
    for launcher in started:
        launcher.kill()
