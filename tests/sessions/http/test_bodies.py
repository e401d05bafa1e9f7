"""Bodies that take their time: those that arrive are read, and no other is waited for long."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette

from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.http import router
from authdemo.sessions.http.api import Api
from authdemo.sessions.http.context import RequestContexts
from authdemo.sessions.http.outermost import Origins
from authdemo.sessions.providers.credentials import Credentials
from authdemo.testing.thread import Thread
from tests.support.house import SECRET

SECONDS = 0.4
BODY = b'{"csrfToken": "x"}'


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`/api/auth`, which waits for a body for less than a second."""
    monkeypatch.setattr(router, "BODY_TIMEOUT", SECONDS)
    settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path)
    auth = Engine(providers=[Credentials(authorize=lambda _: None)], settings=settings)
    endpoints = Api(auth, RequestContexts(auth, Origins(None)))
    with Thread(endpoints.before(Starlette())) as thread:
        yield thread.url


def ask(url: str, pieces: Iterable[bytes]) -> tuple[int, dict[str, object]]:
    """Send a body in pieces, and read the answer to the end of the connection."""
    place = urlsplit(url)
    head = (
        f"POST /api/auth/session HTTP/1.1\r\nHost: {place.netloc}\r\nOrigin: {url}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection((place.hostname, place.port), timeout=20) as connection:
        connection.sendall(head.encode())
        with contextlib.suppress(BrokenPipeError):  # the server has answered and closed
            for piece in pieces:
                connection.sendall(piece)
        answer = connection.makefile("rb").read()
    sent, _, body = answer.partition(b"\r\n\r\n")
    return int(sent.split()[1]), json.loads(body)


def trickled(octets: bytes, seconds: float) -> Iterator[bytes]:
    for n in range(len(octets)):
        time.sleep(seconds / len(octets))
        yield octets[n : n + 1]


@pytest.mark.parametrize(
    ("octets", "seconds"), [(b"", 0), (BODY[:1], 0), (BODY[:-1], SECONDS * 0.9)]
)
def test_body_that_does_not_arrive_whole_times_out(url: str, octets: bytes, seconds: float) -> None:
    """RFC 9110, section 15.5.9."""
    status, refusal = ask(url, trickled(octets, seconds))
    assert (status, refusal["code"]) == (408, "BodyRejected")
    assert "too long" in str(refusal["message"])


def test_slow_body_that_arrives_in_time_is_read(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(router, "BODY_TIMEOUT", 20)
    status, refusal = ask(url, trickled(BODY, SECONDS))
    assert (status, refusal["code"]) == (403, "RequestRejected")
