"""Disks that get full."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.server import Server, running_in_trouble

# Who may mount a disk fills a real one; everyone can limit what the server may write.
MAY_MOUNT = os.geteuid() == 0 and shutil.which("mount") is not None
DISKS = ["small", "usual"] if MAY_MOUNT else ["usual"]


class Disk(ABC):
    """Where a server keeps its data, with room or without.

    Attributes:
        server: The server.
    """

    def __init__(self, server: Server) -> None:
        self.server = server

    @abstractmethod
    def fill(self) -> None:
        """Leave no room."""

    @abstractmethod
    def empty(self) -> None:
        """Make room again."""


class SmallDisk(Disk):
    """A file system of a few megabytes."""

    def fill(self) -> None:
        with self._ballast().open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(b"x" * 1024)
            except OSError:
                return

    def empty(self) -> None:
        self._ballast().unlink()

    def _ballast(self) -> Path:
        return self.server.log.parent / "data" / "ballast"


class Allowance(Disk):
    """A limit on how long the worker's files may become."""

    def fill(self) -> None:
        log = self.server.log.parent / "data" / "sessions.db-wal"
        self._allow(log.stat().st_size)

    def empty(self) -> None:
        self._allow(resource.RLIM_INFINITY)

    def _allow(self, size: int) -> None:
        for pid in self.server.children():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture(scope="module")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder whose `data` is a disk of its own."""
    folder = tmp_path_factory.mktemp("small-disk")
    data = folder / "data"
    data.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(data)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a disk")
    yield folder
    subprocess.run(["umount", str(data)], check=True)


@pytest.fixture(scope="module")
def usual_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder on the disk that all tests use."""
    return tmp_path_factory.mktemp("usual-disk")


@pytest.fixture(scope="module", params=DISKS)
def disk(request: pytest.FixtureRequest) -> Iterator[Disk]:
    """The disk of a running server, which has room until it is filled."""
    folder = request.getfixturevalue(f"{request.param}_folder")
    with running_in_trouble(folder, AUTH_SESSION_UPDATE_AGE="1") as server:
        yield {"small": SmallDisk, "usual": Allowance}[request.param](server)
