"""The driver, against a server whose answers and delays are known."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from benchmarks.load.channel import HttpChannel, Lines, Script
from benchmarks.load.driver import Round, driving, play
from benchmarks.load.wire import UnexpectedAnswer, get

DELAY = 0.1
ECHO = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s"
Address = tuple[str, int]


def _serve(connection: socket.socket) -> None:
    """Answer each request with its path, after a delay if the path asks for one."""
    with connection:
        while request := connection.recv(4096):
            path = request.split()[1]
            if path == b"/slow":
                time.sleep(DELAY)
            connection.sendall(ECHO % (len(path), path))


@pytest.fixture
def address() -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=_serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)


def asks(*paths: str) -> Lines:
    for path in paths:
        answer = yield get(path, {})
        answer.check(b"200", path.encode())


def endless_requests(path: str) -> Lines:
    while True:
        yield from asks(path)


def test_scripts_run_to_their_end(address: Address) -> None:
    done = play(address, [Script(asks("/a", "/b")), Script(asks("/c")), Script(asks())])
    assert done.count == 3


def test_a_script_that_is_left_off_goes_on(address: Address) -> None:
    script = Script(asks("/slow", "/slow", "/slow"))
    counts = [play(address, [script], DELAY / 2).count for _ in range(4)]
    assert counts == [1, 1, 1, 0]


def test_time_is_measured(address: Address) -> None:
    done = play(address, [Script(asks("/slow", "/slow", "/a"))])
    assert done.seconds >= 2 * DELAY
    assert done.percentile(0) < DELAY <= done.percentile(50) <= done.percentile(100)
    assert done.rate == done.count / done.seconds


def test_what_is_in_the_background_ends_with_the_rest(address: Address) -> None:
    behind = HttpChannel(address, Script(endless_requests("/a")))
    with driving(HttpChannel(address, Script(asks("/slow")))) as driver:
        driver.add(behind, background=True)
        seconds = driver.run()
    assert seconds < 20 * DELAY
    assert len(behind.latencies) > 1


def test_a_script_that_is_not_content_stops_it(address: Address) -> None:
    def wants_more() -> Lines:
        answer = yield get("/a", {})
        answer.check(b"200", b"more")

    with pytest.raises(UnexpectedAnswer):
        play(address, [Script(wants_more())])


def test_percentiles_are_of_those_that_were_measured() -> None:
    done = Round(1.0, [float(number) for number in range(1, 101)])
    assert [done.percentile(p) for p in (0, 50, 99, 100)] == [1.0, 51.0, 100.0, 100.0]
