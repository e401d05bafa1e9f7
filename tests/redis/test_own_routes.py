"""Own routes and sockets of two workers on one Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.examples.test_fastapi_routes import (
    BANK_SECRET,
    closed_with,
    code_of,
    cookie_of,
    feed,
    heard,
    member,
    token_of,
)
from tests.support import unbuilt
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.server import ROOT, Server


@pytest.fixture(scope="module")
def workers(
    tmp_path_factory: pytest.TempPathFactory, redis: Redis
) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("workers")
    environ = {"REFLEX_REDIS_URL": redis.url, "BANK_SECRET": BANK_SECRET}
    app = ROOT / "examples" / "fastapi_routes"
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(unbuilt.serving(app, folder / name, **environ))
            for name in ("first", "second")
        )
        yield first, second


def at(server: Server, browser: Browser) -> Browser:
    """Send the same browser to another worker."""
    other = Browser(server)
    other.cookies = browser.cookies
    return other


def test_socket_of_one_worker_follows_routes_of_the_other(workers: tuple[Server, Server]) -> None:
    here, there = workers
    ada = member(here)
    socket = feed(there, cookie_of(at(there, ada)))
    with closing(socket.sock):
        assert heard(socket, "tea") == "Ada Lovelace wants tea"
        assert ada.request("PUT", "/api/me?name=Countess").status_code == 200
        assert at(there, ada).get("/api/me").json()["name"] == "Countess"
        assert heard(socket, "milk") == "Countess wants milk"
        assert ada.post("/api/sign-out").status_code == 200
        assert closed_with(socket) == 4401


def test_bearer_token_of_one_worker_ends_on_the_other(workers: tuple[Server, Server]) -> None:
    here, there = workers
    ada = member(here)
    headers = token_of(ada, "orders:read")
    assert Browser(there).get("/api/orders", headers=headers).status_code == 200
    socket = feed(there, headers)
    with closing(socket.sock):
        assert heard(socket, "tea")
        ada.revoke(others=True)
        assert closed_with(socket) == 4401
    assert Browser(there).get("/api/orders", headers=headers).status_code == 401


def test_without_redis_protected_routes_answer_503_and_open_ones_have_no_session(
    tmp_path: Path,
) -> None:
    with Redis(tmp_path) as redis, ExitStack() as stack:
        environ = {"REFLEX_REDIS_URL": redis.url, "BANK_SECRET": BANK_SECRET}
        app = ROOT / "examples" / "fastapi_routes"
        server = stack.enter_context(unbuilt.serving(app, tmp_path / "log", **environ))
        ada = member(server)
        headers = token_of(ada, "orders:read")
        redis.kill()
        for credential in ({}, headers):
            answer = ada.get("/api/orders", headers=credential)
            assert code_of(answer) == (503, "StoreUnavailable")
            assert ada.get("/api/greeting", headers=credential).json() == "Hello"
