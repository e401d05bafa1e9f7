"""Files, which come beside the socket, for marked event handlers."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import member
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import SESSION_STATE, Tab

ARCHIVE, LEDGER = state("archive"), state("ledger")
START = (
    b"--seam\r\n"
    b'Content-Disposition: form-data; name="files"; filename="will.txt"\r\n\r\n'
    b"I leave all"
)
END = b" to the Engine\r\n--seam--\r\n"
FORGED = "harmless\nFORGED\x1b[2J"
ARGUMENTS = "__reflex_event_args"
DEEP = '{"x": ' + "[" * 5000 + "]" * 5000 + "}"
PAPER = {"files": ("will.txt", b"I leave all to the Engine")}


def send(
    browser: Browser,
    tab: str,
    handler: str = "file",
    content: Iterator[bytes] | None = None,
    **headers: Any,
) -> httpx.Response:
    named = {"Reflex-Client-Token": tab, "Reflex-Event-Handler": f"{ARCHIVE}.{handler}"}
    own = {"Origin": browser.server.url, "Connection": "close"}
    body = {"content": content} if content else {"files": PAPER}
    return browser.post("/_upload", headers={**named, **own, **headers}, **body)


def told(answer: httpx.Response) -> Any:
    """Read what the answer says of the state."""
    assert answer.status_code == 200, answer.text
    lines = [json.loads(line) for line in answer.text.splitlines()]
    return [line["delta"][ARCHIVE]["filed_rx_state_"] for line in lines if ARCHIVE in line["delta"]]


def assert_refused(answer: httpx.Response) -> None:
    assert answer.status_code == 403
    assert answer.json()["code"] == "RequestRejected"
    assert answer.json()["message"]


def test_a_members_file_reaches_the_handler_and_its_answer_the_tab(
    app: Server, ada: Browser
) -> None:
    with Tab(app, ada, path="/about") as tab:
        assert told(send(ada, tab.token)) == ["will.txt of ada"]
        tab.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: tab.var(LEDGER, "balance") == 93)


def test_nobodys_file_comes_from_nobodys_own_tab(app: Server, nobody: Browser) -> None:
    nobody.get("/about")
    with Tab(app, nobody, path="/about") as tab:
        assert told(send(nobody, tab.token, "leave")) == ["will.txt of nobody"]
        assert send(nobody, tab.token, "file").status_code == 401
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        assert_refused(send(Browser(app), tab.token, "leave"))


@pytest.mark.parametrize("handler", ["file", "leave"])
def test_upload_to_a_tab_of_another_session_is_rejected(
    app: Server, ada: Browser, handler: str
) -> None:
    anonymous, grace = Browser(app), member(app, "grace")
    anonymous.get("/about")
    with Tab(app, ada, path="/about") as tab:
        for other in (Browser(app), anonymous, grace, member(app, "ada")):
            assert_refused(send(other, tab.token, handler))
        assert told(send(ada, tab.token)) == ["will.txt of ada"]
    refused = {"kind": "refused", "path": "/_upload", "reason": "RequestRejected"}
    wait_until(lambda: app.audited(**refused, user="grace"))


def test_a_file_that_is_not_all_there_when_its_tab_changes_hands_reaches_nobody(
    app: Server, ada: Browser, grace: Browser
) -> None:
    with ExitStack() as tabs:
        adas = tabs.enter_context(Tab(app, ada, path="/about"))
        graces: list[Tab] = []

        def slowly() -> Iterator[bytes]:
            yield START
            adas.__exit__(None, None, None)
            wait_until(lambda: send(ada, adas.token).status_code == 403)
            graces.append(tabs.enter_context(Tab(app, grace, token=adas.token, path="/about")))
            yield END

        kind = {"Content-Type": "multipart/form-data; boundary=seam"}
        answer = send(ada, adas.token, "leave", content=slowly(), **kind)
        assert answer.text == ""
        graces[0].call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: graces[0].var(LEDGER, "balance") == 93)
        assert graces[0].var(ARCHIVE, "filed") == ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_no_other_site_sends_files(app: Server, ada: Browser, headers: dict[str, Any]) -> None:
    with Tab(app, ada, path="/about") as tab:
        answer = send(ada, tab.token, **headers)
        assert_refused(answer)
        assert answer.headers.get("Access-Control-Allow-Origin") in (None, app.url)


def test_ended_session_sends_no_files_and_its_tab_has_no_owner(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        thief = ada.copy()
        ada.log_out()
        assert_refused(send(thief, tab.token))
        assert_refused(send(thief, tab.token, "leave"))
        assert send(ada, tab.token, "file").status_code == 401
        assert told(send(ada, tab.token, "leave")) == ["will.txt of nobody"]


def test_a_tab_that_is_not_open_takes_no_files(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        pass
    wait_until(lambda: send(ada, tab.token).status_code == 403)
    assert_refused(send(ada, "made-up"))


def begun(browser: Browser, tab: str, handler: str) -> int:
    """Begin to send 1 GB, and tell the status of the answer that comes before the rest."""
    url = httpx.URL(browser.server.url)
    head = {
        "Host": f"{url.host}:{url.port}",
        "Origin": browser.server.url,
        "Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies.items()),
        "Reflex-Client-Token": tab,
        "Reflex-Event-Handler": handler,
        "Content-Type": "multipart/form-data; boundary=seam",
        "Content-Length": str(1_000_000_000),
    }
    lines = ["POST /_upload HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    with socket.create_connection((str(url.host), url.port or 80), timeout=10) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + START)
        answer = connection.recv(1000)
    return int(answer.split()[1])


@pytest.mark.parametrize(
    ("handler", "status"),
    [
        (f"{ARCHIVE}.file", 401),
        (f"{state('vault')}.open_up", 401),
        ("no.such.handler", 403),
    ],
)
def test_upload_is_rejected_before_its_body_is_sent(
    app: Server, nobody: Browser, handler: str, status: int
) -> None:
    nobody.get("/about")
    with Tab(app, nobody, path="/about") as tab:
        assert begun(nobody, tab.token, handler) == status
    wait_until(lambda: app.audited(kind="refused", path="/_upload"))


@pytest.mark.parametrize(
    ("handler", "body"),
    [
        ("archive.leave", {"data": {"files": FORGED}, "files": {"other": b""}}),
        ("archive.leave", {"data": {ARGUMENTS: DEEP}, "files": PAPER}),
        ("ledger.pay", {"files": PAPER}),
    ],
    ids=["text for files", "deep nesting", "a handler without files"],
)
def test_upload_that_no_handler_can_take_is_rejected_and_not_logged(
    app: Server, ada: Browser, handler: str, body: Any
) -> None:
    with Tab(app, ada, path="/about") as tab:
        named = {"Reflex-Client-Token": tab.token, "Reflex-Event-Handler": state(handler)}
        answer = ada.post("/_upload", headers={**named, "Origin": app.url}, **body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "BodyRejected"
    assert "Traceback" not in app.logged()
    assert "FORGED" not in app.logged()


@pytest.mark.parametrize("name", ["hunter2", "self"])
def test_argument_that_a_handler_of_files_does_not_take_is_rejected(
    app: Server, ada: Browser, name: str
) -> None:
    with Tab(app, ada, path="/about") as tab:
        named = {"Reflex-Client-Token": tab.token, "Reflex-Event-Handler": f"{ARCHIVE}.leave"}
        body = {"data": {ARGUMENTS: json.dumps({name: "hunter2"})}, "files": PAPER}
        answer = ada.post("/_upload", headers={**named, "Origin": app.url}, **body)
        assert told(answer) == []
    wait_until(lambda: app.audited(reason="UnknownEvent", path=f"{ARCHIVE}.leave"))
    assert "Traceback" not in app.logged()
    assert "hunter2" not in app.logged()


def test_upload_for_another_role_is_rejected_before_its_body_is_sent(
    app: Server, ada: Browser
) -> None:
    with Tab(app, ada, path="/about") as tab:
        assert begun(ada, tab.token, f"{state('vault')}.open_up") == 403
        wait_until(lambda: tab.var(SESSION_STATE, "event_error"))
    denied = {"kind": "refused", "path": "/_upload", "reason": "AccessDenied", "user": "ada"}
    wait_until(lambda: app.audited(**denied))
