"""Tabs that don't come to be leave nothing open."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from wsproto.utilities import RemoteProtocolError

from authdemo.testing import Tab

TIMEOUT = 5


@dataclass
class Silent:
    """A server that hangs up instead of answering."""

    url: str
    rest: Future[bytes]


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor(1) as pool:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        yield Silent(url, pool.submit(hang_up, listening.accept))


def hang_up(accept: Callable[[], tuple[socket.socket, object]]) -> bytes:
    """Read a request, end the answer, and tell what still comes: nothing from a closed socket."""
    connection, _ = accept()
    with connection:
        connection.settimeout(TIMEOUT)
        connection.recv(4096)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(4096)


def test_a_tab_that_the_server_hangs_up_on_closes_its_socket(silent: Silent) -> None:
    with pytest.raises(RemoteProtocolError):
        Tab(silent)
    assert silent.rest.result(TIMEOUT * 2) == b""
