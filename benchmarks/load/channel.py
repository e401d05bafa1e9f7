"""A keep-alive connection with a script of requests."""

from __future__ import annotations

import socket
from collections.abc import Generator
from time import perf_counter
from typing import Protocol, TypeAlias

from benchmarks.load.wire import Response, UnexpectedAnswer, parse

CHUNK = 65_536
TIMEOUT = 20.0

Lines: TypeAlias = Generator[bytes, Response, None]
"""Yields requests and gets their answers, which it checks; it may be endless."""


class Script:
    """What a client does: its next request, which may depend on the last answer.

    Attributes:
        request: The next request, or None at the end.
    """

    def __init__(self, lines: Lines) -> None:
        """Begin a script.

        Args:
            lines: Its requests.
        """
        self._lines = lines
        self.request: bytes | None = next(lines, None)

    def hear(self, answer: Response) -> None:
        """Go on to the next request.

        Args:
            answer: The answer to the last one.

        Raises:
            UnexpectedAnswer: If the script expects another one.
        """
        try:
            self.request = self._lines.send(answer)
        except StopIteration:
            self.request = None


class Channel(Protocol):
    """One connection of many that a driver looks after.

    Attributes:
        latencies: How many seconds each exchange took.
    """

    latencies: list[float]

    def fileno(self) -> int:
        """Name the connection to the operating system."""

    def go(self) -> bool:
        """Begin the next exchange; return whether there is one."""

    def read(self) -> bool:
        """Take what has arrived; return whether that ends an exchange."""

    def close(self) -> None:
        """Close the connection."""


def connect(address: tuple[str, int]) -> socket.socket:
    """Connect, without delays for small writes.

    Args:
        address: Where to.

    Returns:
        The connection, in blocking mode.
    """
    connection = socket.create_connection(address, timeout=TIMEOUT)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def received(connection: socket.socket) -> bytes:
    """Take what a connection has.

    Args:
        connection: A connection that can be read.

    Returns:
        At least one byte.

    Raises:
        UnexpectedAnswer: If the server has closed it.
    """
    chunk = connection.recv(CHUNK)
    if not chunk:
        raise UnexpectedAnswer("The server closed a connection.")
    return chunk


class HttpChannel:
    """Sends a script's requests, one after the other, over one connection."""

    def __init__(self, address: tuple[str, int], script: Script) -> None:
        """Connect; nothing is sent yet.

        Args:
            address: Where to.
            script: What to send; a script that another channel left off goes on here, at its
                next request.
        """
        self.latencies: list[float] = []
        self._script = script
        self._socket = connect(address)
        self._socket.settimeout(0)
        self._received = self._known = b""
        self._answer: Response | None = None
        self._sent = 0.0

    def fileno(self) -> int:
        """Name the connection; see `Channel.fileno`."""
        return self._socket.fileno()

    def go(self) -> bool:
        """Send the next request; see `Channel.go`."""
        request = self._script.request
        if request is None:
            return False
        self._sent = perf_counter()
        self._socket.sendall(request)
        return True

    def read(self) -> bool:
        """Take what has arrived; see `Channel.read`."""
        self._received += received(self._socket)
        answer = self._next_answer()
        if answer is None:
            return False
        self.latencies.append(perf_counter() - self._sent)
        self._script.hear(answer)
        return True

    def _next_answer(self) -> Response | None:
        """Take an answer off what was received; one like the last isn't taken apart again."""
        if self._received == self._known:
            self._received = b""
            return self._answer
        parsed = parse(self._received)
        if parsed is None:
            return None
        self._known = self._received
        self._answer, self._received = parsed
        return self._answer

    def close(self) -> None:
        """Close the connection; see `Channel.close`."""
        self._socket.close()
