"""What needs two factors: a session with one gets none of it, whichever way it asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import simple_websocket

from authdemo.testing import wait_until
from tests.guards.conftest import member
from tests.guards.test_events import CONFIRM, LEDGER
from tests.guards.test_own_routes import AS_PERSON, REJECTED, Socket
from tests.guards.test_pages import script_with
from tests.guards.test_uploads import ARCHIVE, send
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import SESSION_STATE, Tab


@pytest.fixture
def proven(app: Server) -> Browser:
    """Ada, with two factors."""
    browser = Browser(app)
    browser.log_in("ada", otp="1")
    return browser


def test_page_and_its_script_need_the_level(ada: Browser, proven: Browser) -> None:
    answer = ada.get("/launchpad", headers=AS_PERSON)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/confirm?callbackUrl=/launchpad&level=2"
    script = script_with(proven, "Not for one factor")
    assert proven.get("/launchpad", headers=AS_PERSON).status_code == 200
    assert proven.get(script).status_code == 200
    assert ada.get(script).status_code == 403


def test_own_route_needs_the_level(nobody: Browser, ada: Browser, proven: Browser) -> None:
    assert nobody.get("/api/countdown").status_code == 401
    answer = ada.get("/api/countdown")
    assert (answer.status_code, answer.json()["reason"]) == (403, "level")
    answer = ada.get("/api/countdown", headers=AS_PERSON)
    assert answer.headers["Location"] == "/confirm?callbackUrl=/api/countdown&level=2"
    assert proven.get("/api/countdown").json() == {"count": 3}


def test_own_socket_needs_the_level(ada: Browser, proven: Browser) -> None:
    def open_feed(browser: Browser) -> simple_websocket.Client:
        url = browser.server.url
        headers = {"Cookie": browser.cookie_header(), "Origin": url}
        return Socket(url.replace("http", "ws", 1) + "/launch-feed", headers=headers)

    with pytest.raises(REJECTED, match="403"):
        open_feed(ada)
    feed = open_feed(proven)
    feed.send("three")
    assert feed.receive(10) == "three"


def test_upload_needs_the_level(app: Server, ada: Browser, proven: Browser) -> None:
    with Tab(app, ada, path="/archive") as tab:
        assert send(ada, tab.token, handler="seal").status_code == 403
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
        assert tab.var(ARCHIVE, "filed") == ""
    with Tab(app, proven, path="/archive") as tab:
        assert send(proven, tab.token, handler="seal").status_code == 200


def test_var_needs_the_level_and_appears_with_it(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        wait_until(lambda: tab.var(LEDGER, "pin") == "1906")
        assert tab.var(LEDGER, "vow") == "no vow"
        assert "a vow of two" not in tab.received()
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial", "otp": "1"})
        wait_until(lambda: tab.var(LEDGER, "vow") == "a vow of two")


def test_event_waits_for_the_level_and_all_tabs_of_the_session_go_on(
    app: Server, ada: Browser
) -> None:
    with Tab(app, ada, path="/about") as tab, Tab(app, ada, path="/") as other:
        for number, each in enumerate((tab, other), 1):
            each.call(f"{LEDGER}.launch", times=number)
            wait_until(lambda each=each: each.var(SESSION_STATE, "step_up").get("level"))
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        wait_until(lambda: app.audited(kind="confirmed", user="ada"))
        assert tab.var(SESSION_STATE, "step_up")  # a password alone doesn't reach the level
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial", "otp": "1"})
        for number, each in enumerate((tab, other), 1):
            wait_until(lambda each=each: each.var(SESSION_STATE, "resumes") == 1)
            assert each.var(SESSION_STATE, "step_up") == {}
            each.call(f"{CONFIRM}.resume")
            wait_until(lambda each=each, number=number: each.var(LEDGER, "launched") == number)
    assert ada.session()["level"] == 2


def test_event_that_is_dismissed_does_not_run_later(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.launch", times=1)
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
        tab.call(f"{CONFIRM}.dismiss")
        wait_until(lambda: tab.var(SESSION_STATE, "step_up") == {})
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial", "otp": "1"})
        wait_until(lambda: tab.var(SESSION_STATE, "view")["level"] == 2)
        tab.call(f"{CONFIRM}.resume")
        tab.call(f"{LEDGER}.launch", times=5)
        wait_until(lambda: tab.var(LEDGER, "launched") == 5)


def test_event_whose_dialog_is_closed_by_a_reload_does_not_run_later(
    app: Server, ada: Browser
) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.launch", times=1)
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
    with Tab(app, ada, path="/about", token=tab.token) as again, Tab(app, ada, path="/") as other:
        assert again.var(SESSION_STATE, "step_up") == {}
        other.call(f"{CONFIRM}.confirm", form={"password": "tutorial", "otp": "1"})
        wait_until(lambda: again.var(SESSION_STATE, "view")["level"] == 2)
        again.call(f"{CONFIRM}.resume")
        again.call(f"{LEDGER}.launch", times=5)
        wait_until(lambda: again.var(LEDGER, "launched") == 5)


def test_session_of_another_browser_keeps_its_level(app: Server, ada: Browser) -> None:
    other = member(app, "ada")
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial", "otp": "1"})
        wait_until(lambda: tab.var(SESSION_STATE, "view")["level"] == 2)
    assert other.session()["level"] == 1
    assert other.get("/api/countdown").status_code == 403


def test_level_stays_while_the_proof_grows_old(
    proven: Browser, later: Callable[[float], None]
) -> None:
    later(3600)
    assert proven.get("/api/countdown").status_code == 200
