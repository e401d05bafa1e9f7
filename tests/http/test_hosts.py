"""Which hosts the app answers for (RFC 9112 section 3.2, DNS rebinding)."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.server import Server, running, running_in_trouble

PATHS = ["/api/auth/session", "/login", "/ping", "/client", "/assets/nothing.js", "/_event/"]
SOCKET = "/_event/?token=11111111-2222-4333-8444-555555555555&EIO=4&transport=websocket"
UPGRADE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: c2Vzc2lvbnMgZm9yIFJlZg==",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app without a public address; its log complains of names."""
    with running_in_trouble(tmp_path_factory.mktemp("unnamed")) as server:
        yield server


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app with a public address."""
    folder = tmp_path_factory.mktemp("named")
    with running(folder, AUTH_URL="https://app.example") as server:
        yield server


def status(server: Server, path: str, *lines: str, version: str = "1.1") -> int:
    """Ask with these lines alone, which no HTTP client would send."""
    host, _, port = server.host.partition(":")
    with socket.create_connection((host, int(port)), 10) as connection:
        head = "\r\n".join([f"GET {path} HTTP/{version}", *lines, "", ""])
        connection.sendall(head.encode())
        return int(connection.recv(100).split()[1])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lines", [(), ("Host:",), ("Host: localhost", "Host: localhost")], ids=len)
def test_request_without_one_host_is_rejected(
    server: Server, named: Server, path: str, lines: tuple[str, ...]
) -> None:
    assert status(server, path, *lines) == 400
    assert status(named, path, *lines) == 400


def test_request_without_host_is_old_and_fine_where_the_address_is_known(
    server: Server, named: Server
) -> None:
    assert status(named, "/api/auth/session", version="1.0") == 200
    assert status(server, "/api/auth/session", version="1.0") == 400


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:3000",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "notlocalhost",
        "testserver",
        "1",
        "0x7f.1",
        "[::1].evil.example",
        "LOCALHOST.example.",
    ],
)
def test_host_name_is_rejected_without_a_public_origin(
    server: Server, path: str, host: str
) -> None:
    assert status(server, path, f"Host: {host}") == 400


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost:3000",
        "app.localhost",
        "a.b.localhost.:1",
        "127.0.0.1",
        "10.1.2.3:80",
        "[::1]",
        "[fe80::1]:3000",
        "203.0.113.7",
    ],
)
def test_ip_address_and_localhost_are_accepted(server: Server, host: str) -> None:
    assert status(server, "/api/auth/session", f"Host: {host}") == 200


@pytest.mark.parametrize("path", [SOCKET, "/nowhere"])
def test_socket_is_rejected_like_a_request(server: Server, path: str) -> None:
    lines = (*UPGRADE, "Origin: http://evil.example")
    assert status(server, path, "Host: evil.example", *lines) == 403
    assert status(server, SOCKET, "Host: localhost", *UPGRADE) == 101


def test_rejected_login_of_a_rebound_page_begins_no_session(server: Server) -> None:
    browser = Browser(server)
    rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = browser.get("/api/auth/csrf", headers=rebound)
    assert (answer.status_code, answer.json()["code"]) == (400, "HostRejected")
    assert not browser.cookies


def test_rejected_host_name_is_logged_once_with_what_to_do(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running_in_trouble(tmp_path_factory.mktemp("logged")) as server:

        def count(name: str) -> int:
            return server.logged().count(f"for the host '{name}'")

        for _ in range(3):
            assert status(server, "/ping", "Host: first.example") == 400
        for n in range(60):
            status(server, "/ping", f"Host: {n}.example")
        wait_until(lambda: count("first.example") == 1)
        wait_until(lambda: server.logged().count("Rejected a request for the host") == 20)
        assert "set AUTH_URL, for example AUTH_URL=https://first.example." in server.logged()


def test_host_name_is_accepted_with_a_public_origin(named: Server) -> None:
    for host in ("app.example", "internal", "127.0.0.1"):
        assert status(named, "/api/auth/session", f"Host: {host}") == 200
    assert status(named, "/api/auth/session", "Host: a b") == 400
