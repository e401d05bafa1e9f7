"""Requests to providers are limited in size and time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from authdemo.sessions.core.errors import OAuthCallbackError
from authdemo.sessions.providers import http_client

MEGABYTE = 1_048_576


class Endless(BaseHTTPRequestHandler):
    """Answers without end: at once, or drop by drop."""

    protocol_version = "HTTP/1.0"
    sent = 0

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/deep":
            self.end_headers()
            self.wfile.write(b"[" * 200_000)
            return
        self.end_headers()
        try:
            while type(self).sent < 64 * MEGABYTE:
                self._send(b"[" * 4096 if self.path == "/large" else b" ")
        except (BrokenPipeError, ConnectionResetError):
            """The client has read enough."""

    def _send(self, octets: bytes) -> None:
        self.wfile.write(octets)
        type(self).sent += len(octets)
        if self.path == "/slow":
            time.sleep(0.05)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def endless() -> Iterator[str]:
    Endless.sent = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def refusal(url: str) -> str:
    async with http_client.client() as http:
        with pytest.raises(OAuthCallbackError) as refused:
            await http_client.fetch(http, url)
    return refused.value.reason


async def test_endless_response_is_not_read_to_its_end(endless: str) -> None:
    assert await refusal(f"{endless}/large") == "refused"
    assert Endless.sent < 16 * MEGABYTE


async def test_slow_response_times_out(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "TIMEOUT_SECONDS", 0.5)
    began = time.monotonic()
    assert await refusal(f"{endless}/slow") == "unreachable"
    assert time.monotonic() - began < 10


async def test_deeply_nested_response_is_rejected(endless: str) -> None:
    assert await refusal(f"{endless}/deep") == "unreachable"
