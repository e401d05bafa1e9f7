"""What open sockets receive of their session, and what they may do."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from reflex_base.constants.state import FIELD_MARKER

from authdemo.testing import set_cookies, wait_until
from tests.support.browser import Browser
from tests.support.server import Server, running
from tests.support.tab import ACCOUNT_STATE, HOME_STATE, LOG_OUT_STATE, SESSION_STATE, Tab

VIEW = f"view{FIELD_MARKER}"


def told(tab: Tab, since: int) -> list[dict[str, Any]]:
    """Read what messages of the server changed in a tab's session, one after the other."""
    updates = (json.loads(each[each.index("[") :])[1] for each in tab.frames[since:] if "[" in each)
    return [each["delta"][SESSION_STATE] for each in updates if SESSION_STATE in each["delta"]]


def answers(tab: Tab) -> None:
    """Wait until an event has come back: all that was sent before it is there by then."""
    tab.call(f"{ACCOUNT_STATE}.change_password", form={"current": "wrong", "new": "wrong"})
    wait_until(lambda: (tab.var(ACCOUNT_STATE, "error") or {}).get("code"))


def test_an_update_by_http_reaches_every_tab_of_the_session(john: Browser) -> None:
    with (
        Tab(john.server, john) as first,
        Tab(john.server, john, path="/client") as second,
    ):
        john.update({"name": "By HTTP"})
        wait_until(lambda: first.name == second.name == "By HTTP")
        assert first.view == {"status": "authenticated", **john.session()}


def test_an_update_by_the_server_reaches_every_tab_and_then_the_cookie(
    john: Browser,
) -> None:
    with Tab(john.server, john) as first, Tab(john.server, john) as second:
        first.server_update()
        wait_until(lambda: first.name == second.name == "Serverserver-man")
        wait_until(lambda: first.var(SESSION_STATE, "cookie_version") == 2)
    answer = john.get("/api/auth/session")
    assert answer.json()["user"]["name"] == "Serverserver-man"
    assert len(set_cookies(answer)) == 1


def test_tab_receives_only_what_changed_and_once(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        before = len(tab.frames)
        for name in ("First", "Second"):
            john.update({"name": name})
            wait_until(lambda: tab.name == name)  # noqa: B023 - it is asked at once
        assert [list(changes) for changes in told(tab, before)] == [[VIEW], [VIEW]]


def test_a_tabs_own_event_tells_it_of_its_update_once(john: Browser) -> None:
    with Tab(john.server, john) as own, Tab(john.server, john) as other:
        before = len(own.frames)
        own.server_update()
        wait_until(lambda: own.name == other.name == "Serverserver-man")
        john.update({"name": "Afterwards"})
        wait_until(lambda: own.name == "Afterwards")
        views = [changes[VIEW] for changes in told(own, before) if VIEW in changes]
    assert [view["user"]["name"] for view in views] == ["Serverserver-man", "Afterwards"]


def test_no_other_user_receives_it(john: Browser, jane: Browser) -> None:
    elsewhere = Browser(john.server)
    elsewhere.log_in()
    with (
        Tab(john.server, john) as own,
        Tab(jane.server, jane) as janes,
        Tab(elsewhere.server, elsewhere) as device,
        Tab(john.server) as nobodys,
    ):
        others = (janes, device, nobodys)
        before = [len(tab.frames) for tab in others]
        john.update({"name": "Only Mine"})
        wait_until(lambda: own.name == "Only Mine")
        for tab in others:
            answers(tab)
        assert [told(tab, since) for tab, since in zip(others, before, strict=True)] == [[]] * 3
        assert not [tab for tab in others if "Only Mine" in tab.received()]


def test_nobodys_socket_can_call_a_members_handler_but_changes_nothing(
    john: Browser,
) -> None:
    with Tab(john.server, john) as own, Tab(john.server, path="/login") as nobodys:
        nobodys.server_update()
        wait_until(lambda: "You are not signed in" in str(nobodys.var(HOME_STATE, "error")))
        nobodys.call(f"{LOG_OUT_STATE}.log_out")
        answers(nobodys)
        answers(own)
        assert own.status == "authenticated"
    assert (john.session()["rev"], john.session()["user"]["name"]) == (1, "John Doe")


FORGED = {"user": {"id": "jane_admin", "name": "Forged"}, "rev": 99, "expires": ""}
WRITES: dict[str, dict[str, object]] = {
    "show": {"session": FORGED, "sid": "x", "browser": "x", "is_changed": True},
    "redirect": {"url": "https://evil.example"},
}


@pytest.mark.parametrize("name", WRITES)
def test_no_event_from_outside_writes_the_sessions_state(john: Browser, name: str) -> None:
    with Tab(john.server, john) as tab:
        tab.call(f"{SESSION_STATE}.{name}", **WRITES[name])
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
        for forgery in ("Forged", "evil.example"):
            assert forgery not in tab.received()
    refused = {"reason": "NotForTabs", "path": f"{SESSION_STATE}.{name}"}
    wait_until(lambda: john.server.audited(kind="refused", **refused))


def test_no_var_of_the_sessions_state_is_set_from_outside(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.call(f"{SESSION_STATE}.setvar", var_name="view", value=FORGED)
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
        assert "Forged" not in tab.received()


SIGN_IN = "/login?callbackUrl=/client"
OVER = f"{SIGN_IN}&error=SessionRequired&code=ended"
ENDS: dict[str, tuple[Callable[[Browser], object], str]] = {
    "signed out": (lambda browser: browser.copy().log_out(), SIGN_IN),
    "revoked": (lambda browser: browser.copy().revoke(all=True), OVER),
    "replaced": (lambda browser: browser.copy().log_in("jane_admin"), SIGN_IN),
}


@pytest.mark.parametrize(("end", "way"), ENDS.values(), ids=ENDS.keys())
def test_tabs_of_an_ended_session_lose_their_rights_at_once_and_say_so(
    john: Browser, end: Callable[[Browser], object], way: str
) -> None:
    with Tab(john.server, john) as tab, Tab(john.server, john, path="/client") as idle:
        end(john)
        tab.server_update()
        wait_until(lambda: tab.status == idle.status == "unauthenticated")
        wait_until(lambda: idle.var(SESSION_STATE, "redirect_url") == way)
        wait_until(lambda: tab.var(HOME_STATE, "error"))
        assert tab.view["user"] is None
        assert tab.name != "Serverserver-man"
    assert john.session() is None


@pytest.mark.parametrize("spelling", ["/%63lient", "//client/"])
def test_a_tab_at_another_spelling_of_a_page_is_led_away_as_well(
    john: Browser, spelling: str
) -> None:
    with Tab(john.server, john, path=spelling) as tab:
        john.copy().log_out()
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        way = urlsplit(tab.var(SESSION_STATE, "redirect_url"))
        assert (way.path, parse_qs(way.query)) == ("/login", {"callbackUrl": [spelling]})


def test_a_sign_in_page_by_another_spelling_is_none_for_members_either(john: Browser) -> None:
    with Tab(john.server, john, path="/%6cogin") as tab:
        tab.expect_redirect("/")


def test_tab_that_was_away_when_its_session_ended_says_so(john: Browser) -> None:
    john.copy().revoke(all=True)
    with Tab(john.server, john, path="/client") as tab:
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url") == OVER)
    with Tab(john.server, Browser(john.server), path="/client") as tab:
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url") == SIGN_IN)


def test_signing_out_over_the_socket_ends_the_session_everywhere(john: Browser) -> None:
    with Tab(john.server, john) as tab, Tab(john.server, john) as other:
        tab.call(f"{LOG_OUT_STATE}.log_out")
        wait_until(lambda: tab.status == other.status == "unauthenticated")
    assert john.session() is None


def test_a_session_that_expires_says_so_to_an_idle_tab(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("hasty"), AUTH_SESSION_MAX_AGE="4") as server:
        browser = Browser(server)
        browser.log_in()
        with Tab(server, browser) as tab:
            assert tab.status == "authenticated"
            wait_until(lambda: tab.status == "unauthenticated")
            way = "/login?callbackUrl=/&error=SessionRequired&code=ended"
            wait_until(lambda: tab.var(SESSION_STATE, "redirect_url") == way)
            tab.server_update()
            wait_until(lambda: tab.var(HOME_STATE, "error"))
            assert tab.var(SESSION_STATE, "redirect_url") == way


def test_a_login_by_http_makes_the_browsers_open_login_page_look_again(
    server: Server,
) -> None:
    browser = Browser(server)
    browser.get("/login")
    with (
        Tab(server, browser, path="/login") as tab,
        Tab(server, path="/login") as anonymous,
    ):
        browser.log_in()
        wait_until(lambda: tab.var(SESSION_STATE, "reloads") == 1)
        answers(anonymous)
        assert anonymous.var(SESSION_STATE, "reloads") == 0


NEXT_SIGN_INS: dict[str, Callable[[Browser], object]] = {
    "in the session's place": lambda browser: browser.log_in("jane_admin"),
    "after signing out": lambda browser: (browser.log_out(), browser.log_in("jane_admin")),
    "after a revocation": lambda browser: (browser.revoke(all=True), browser.log_in()),
    "after another device's": lambda browser: (browser.copy().revoke(all=True), browser.log_in()),
}


@pytest.mark.parametrize("sign_in", NEXT_SIGN_INS.values(), ids=NEXT_SIGN_INS)
def test_a_public_page_looks_again_when_a_user_signs_in_after_its_session(
    john: Browser, jane: Browser, sign_in: Callable[[Browser], object]
) -> None:
    with (
        Tab(john.server, john, path="/register") as tab,
        Tab(jane.server, jane, path="/register") as another,
    ):
        sign_in(john)
        wait_until(lambda: tab.status == "unauthenticated")
        wait_until(lambda: tab.var(SESSION_STATE, "reloads") == 1)
        assert not another.var(SESSION_STATE, "reloads")
