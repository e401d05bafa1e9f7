"""The command line, as a process beside the running app."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.redis import Redis
from tests.support.server import ROOT, SECRET, Server, running

TIMEOUT = 60


@dataclass(frozen=True)
class CommandLine:
    """Runs `authdemo` in an app's folder, with the app's variables."""

    environ: dict[str, str]
    folder: Path = ROOT
    running: Server | None = field(default=None, compare=False)

    def run(self, *words: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        process = subprocess.Popen(
            [sys.executable, "-m", "authdemo.cli", *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with process:
            output, errors = process.communicate(typed, timeout=TIMEOUT)
        return subprocess.CompletedProcess(words, process.returncode, output, errors)

    def json(self, *words: str, typed: str = "", **environ: str) -> Any:
        """Run a command that succeeds, and read the JSON that it writes."""
        ended = self.run(*words, "--json", typed=typed, **environ)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def fails(self, *words: str, typed: str = "", **environ: str) -> str:
        """Run a command that fails, and return its one line."""
        ended = self.run(*words, typed=typed, **environ)
        assert ended.returncode == 1, ended.stdout
        assert ended.stderr.count("\n") == 1, ended.stderr
        return ended.stderr


def beside(server: Server, **environ: str) -> CommandLine:
    """Run commands beside a running app."""
    data = {"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(server.log.parent / "data")}
    return CommandLine(data | environ, running=server)


@pytest.fixture
def authdemo(server: Server) -> CommandLine:
    """The command line beside the app."""
    return beside(server)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The command line of an app that has run once, and runs no more."""
    folder = tmp_path_factory.mktemp("stopped")
    with running(folder) as server:
        return beside(server)


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, redis: Redis
) -> Iterator[tuple[Server, CommandLine]]:
    """The app with two workers on a database of Redis, and the command line beside it."""
    places = {"REFLEX_REDIS_URL": f"{redis.url}/1"}  # other tests leave sessions in the first
    with running(tmp_path_factory.mktemp("workers"), WORKERS="2", **places) as server:
        yield server, beside(server, **places)
