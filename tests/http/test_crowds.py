"""Many sign-ins at one moment: senders who leave cost nothing, and no address holds up another."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from authdemo.testing import wait_until
from tests.support.browser import PASSWORD, Browser
from tests.support.server import REAL_HASHES, Server, running
from tests.support.tab import LOGIN_STATE, Tab

HERE, THERE = "192.0.2.1", "192.0.2.2"
CROWD = 100


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app behind a proxy, so that visitors have addresses of their own."""
    folder = tmp_path_factory.mktemp("crowds")
    with running(folder, AUTH_TRUSTED_PROXIES="127.0.0.1", **REAL_HASHES) as server:
        yield server


def begin_sign_in(browser: Browser, account: str, address: str) -> socket.socket:
    """Send a sign-in, and don't wait for the answer."""
    form = urlencode({"csrfToken": browser.csrf(), "id": account, "password": "wrong"})
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    head = (
        "POST /api/auth/callback/credentials HTTP/1.1",
        f"Host: {browser.server.host}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(form)}",
        f"Cookie: {cookies}",
        f"X-Forwarded-For: {address}",
        "X-Auth-Return-Redirect: 1",
    )
    host, _, port = browser.server.host.partition(":")
    sent = socket.create_connection((host, int(port)))
    sent.sendall("\r\n".join([*head, "", form]).encode())
    return sent


def sign_in(browser: Browser, account: str, address: str) -> int:
    form = {"csrfToken": browser.csrf(), "id": account, "password": PASSWORD}
    headers = {"X-Auth-Return-Redirect": "1", "X-Forwarded-For": address}
    return browser.post("/api/auth/callback/credentials", data=form, headers=headers).status_code


def judged(server: Server, address: str = HERE) -> int:
    return len(server.audited(kind="sign-in-failed", ip=address))


def test_abandoned_sign_ins_are_not_hashed(server: Server) -> None:
    browser = Browser(server)
    browser.csrf()
    sent = [begin_sign_in(browser, f"account {number}", HERE) for number in range(CROWD)]
    for each in sent:
        each.close()
    assert sign_in(Browser(server), "john_doe", HERE) == 200
    assert judged(server) < CROWD / 2


def test_failures_of_senders_who_leave_are_counted(tmp_path) -> None:
    proxies, rate = "127.0.0.1", "3/minute"
    with running(tmp_path, AUTH_TRUSTED_PROXIES=proxies, AUTH_LOGIN_RATE=rate) as server:
        browser = Browser(server)
        for number in range(1, 4):
            sent = begin_sign_in(browser, "john_doe", HERE)
            wait_until(lambda number=number: judged(server) == number)
            sent.close()
        assert sign_in(browser, "john_doe", HERE) == 429
        assert sign_in(browser, "john_doe", THERE) == 200


def test_crowd_of_one_address_does_not_hold_up_another(server: Server) -> None:
    browsers = [Browser(server) for _ in range(12)]
    done: list[int] = []

    def enter(browser: Browser) -> None:
        done.append(sign_in(browser, "john_doe", HERE))

    crowd = [threading.Thread(target=enter, args=(browser,)) for browser in browsers]
    for thread in crowd:
        thread.start()
    wait_until(lambda: done)
    before = len(done)
    assert sign_in(Browser(server), "jane_admin", THERE) == 200
    passed = len(done) - before
    for thread in crowd:
        thread.join()
    assert done == [200] * 12
    assert passed <= 6, f"{passed} of the crowd came first"


def test_sign_ins_of_closed_sockets_are_not_hashed(server: Server) -> None:
    browser, own = Browser(server), "127.0.0.1"
    tabs = [Tab(server, browser, path="/login") for _ in range(30)]
    for number, tab in enumerate(tabs):
        form = {"id": f"account {number}", "password": "wrong"}
        tab.call(f"{LOGIN_STATE}.log_in", form=form)
    with ThreadPoolExecutor(len(tabs)) as threads:
        list(threads.map(Tab._close, tabs))
    assert sign_in(Browser(server), "john_doe", own) == 200
    assert judged(server, own) < 15
