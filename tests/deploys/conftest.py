from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.support import unbuilt
from tests.support.redis import Redis
from tests.support.server import ROOT, Server

APP = Path(__file__).parent / "app"
Deploy = Callable[[str], AbstractContextManager[Server]]


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's folder."""
    folder = tmp_path_factory.mktemp("deploys") / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")
    return folder


@pytest.fixture
def deploy(folder: Path, tmp_path: Path) -> Deploy:
    """Serves a version of the app on one data folder."""

    def deploy(version: str, **environ: str) -> AbstractContextManager[Server]:
        log, data = tmp_path / f"{version}.log", str(tmp_path / "data")
        return unbuilt.serving(folder, log, VERSION=version, AUTH_DATA_DIR=data, **environ)

    return deploy


@pytest.fixture
def roll_out(deploy: Callable[..., AbstractContextManager[Server]], redis: Redis) -> Deploy:
    """Serves a version of the app on one Redis, beside the others."""
    return partial(deploy, REFLEX_REDIS_URL=redis.url)
