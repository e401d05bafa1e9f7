"""A real Redis that the tests start, stop and bring back."""

from __future__ import annotations

import contextlib
import itertools
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis as Client

from authdemo.testing import free_port, wait_until
from tests import redis_server

_THE_END = "the end of what was overheard"


class Redis:
    """A Redis on a free port, which keeps its data on the disk.

    Attributes:
        url: Where it listens.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"redis://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self._port),
            "--dir": str(self._folder),
            "--appendonly": "yes",
            "--appendfsync": "always",
            "--save": "",
        }
        words = [word for option in options.items() for word in option]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen([redis_server.command(), *words], stdout=log)
        wait_until(self._answers)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def freeze(self) -> None:
        """Make it silent: connections stay, answers don't come."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def ask(self, *words: str) -> list[str]:
        """Send a command, and read the answer's lines."""
        with Client.from_url(self.url, decode_responses=True) as client:
            answer = client.execute_command(*words)
        return list(map(str, answer if isinstance(answer, list) else [answer]))

    @contextlib.contextmanager
    def overheard(self) -> Iterator[list[str]]:
        """Note every command that anybody sends it meanwhile; they are there afterwards."""
        commands: list[str] = []
        with (
            Client.from_url(self.url, decode_responses=True) as client,
            client.monitor() as monitor,
        ):
            yield commands
            self.ask("ECHO", _THE_END)
            heard = (monitor.next_command()["command"] for _ in itertools.count())
            commands.extend(itertools.takewhile(lambda each: _THE_END not in each, heard))

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
