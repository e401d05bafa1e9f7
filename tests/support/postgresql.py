"""A real PostgreSQL that the tests start, stop and bring back."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from authdemo.testing import free_port, wait_until
from tests import postgresql_server

OWNER = "nobody"
"""Who runs it when the tests run as root: it refuses to run as root."""


class PostgreSQL:
    """A PostgreSQL on a free port, in a folder that its owner may enter."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        self._port = free_port()
        self._process: subprocess.Popen[Any] | None = None
        self._programs = postgresql_server.folder()
        self._as_owner: dict[str, Any] = {}
        self._databases = 0
        self._shared = ""

    def __enter__(self) -> Self:
        if os.geteuid() == 0:
            self._hand_over()
        data = ["-D", str(self._folder / "data")]
        trusting = ["--auth=trust", "--username=tests", "--encoding=UTF8", "--no-sync"]
        self._run("initdb", *data, *trusting)
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
            "max_connections": "100",
        }
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        place = ["-D", str(self._folder / "data"), "-p", str(self._port)]
        program = str(self._programs / "postgres")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, *place, *words], stdout=log, stderr=log, **self._as_owner
            )
        wait_until(self._answers)

    def stop(self) -> None:
        """End it at once, even while clients are connected."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()

    def freeze(self) -> None:
        """Make it silent: connections stay, answers don't come."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal_all(signal.SIGCONT)

    def new_database(self) -> str:
        """Make an empty database, and tell its URL."""
        self._databases += 1
        name = f"tests_{self._databases}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._url(name)

    def empty_database(self) -> str:
        """Empty the one database that tests take in turns, and tell its URL."""
        url = self._shared = self._shared or self.new_database()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        return url

    def _url(self, database: str) -> str:
        return f"postgresql://tests@127.0.0.1:{self._port}/{database}"

    def _hand_over(self) -> None:
        """Let its owner have the folder, and the programs if they are only root's to read."""
        owner = pwd.getpwnam(OWNER)
        self._as_owner = {"user": OWNER, "group": owner.pw_gid, "extra_groups": []}
        if self._programs.is_relative_to(postgresql_server.FOLDER):
            own = self._folder / "programs"
            shutil.copytree(postgresql_server.FOLDER, own)
            self._programs = own / self._programs.relative_to(postgresql_server.FOLDER)
        os.chown(self._folder, owner.pw_uid, owner.pw_gid)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [self._programs / program, *words],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            **self._as_owner,
        )
        assert done.returncode == 0, done.stderr

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "log").read_text()
        try:
            psycopg.connect(self._url("postgres"), connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def _signal_all(self, number: int) -> None:
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            os.kill(each, number)
