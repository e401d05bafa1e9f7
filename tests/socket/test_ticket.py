"""A login over the socket: a ticket, exchanged once for the cookie."""

from __future__ import annotations

import httpx
import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import LOGIN_STATE, SESSION_STATE, Tab


@pytest.fixture
def visitor(browser: Browser) -> Browser:
    """A browser that has opened the login page."""
    browser.get("/login")
    return browser


def redeem(browser: Browser, ticket: object) -> httpx.Response:
    return browser.post("/api/auth/ticket", json={"csrfToken": browser.csrf(), "ticket": ticket})


def test_a_login_over_the_socket_ends_with_the_cookie(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/login?callbackUrl=/client") as tab:
        answer = redeem(visitor, tab.log_in())
        assert answer.status_code == 200
        assert answer.json()["url"].startswith(visitor.server.url)
        assert (visitor.token or "?") not in answer.text
        assert (visitor.token or "?") not in tab.received()
    assert visitor.session()["user"]["id"] == "john_doe"


def test_ticket_rejects_reuse(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        ticket = tab.log_in()
        again = visitor.copy()
        assert redeem(visitor, ticket).status_code == 200
        assert redeem(again, ticket).status_code == 401
        visitor.log_out()
        assert redeem(visitor, ticket).status_code == 401
    assert visitor.session() is None


def test_ticket_of_another_browser_is_rejected_and_used_up(
    visitor: Browser, other_browser: Browser
) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        ticket = tab.log_in()
        assert redeem(other_browser, ticket).status_code == 401
        assert other_browser.session() is None
        assert redeem(visitor, ticket).status_code == 401


@pytest.mark.parametrize(
    "ticket",
    ["", "x", None, 1, ["x"], "x" * 10_000, "\0"],
    ids=lambda value: repr(value)[:12],
)
def test_malformed_ticket_is_rejected(visitor: Browser, ticket: object) -> None:
    answer = redeem(visitor, ticket)
    assert answer.status_code == 401
    assert answer.json()["message"]
    assert visitor.session() is None


def test_a_token_is_no_ticket_and_a_ticket_no_token(john: Browser, other_browser: Browser) -> None:
    assert redeem(other_browser, john.token).status_code == 401
    other_browser.get("/login")
    with Tab(other_browser.server, other_browser, path="/login") as tab:
        other_browser.token = tab.log_in("jane_admin")
    assert other_browser.session() is None


def test_a_ticket_leads_to_no_other_origin(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/login?callbackUrl=//evil.example") as tab:
        target = redeem(visitor, tab.log_in()).json()["url"]
    assert target.removesuffix("/") == visitor.server.url


def test_wrong_credentials_give_no_ticket_and_a_clear_word(server: Server) -> None:
    with Tab(server, path="/login") as tab:
        assert tab.log_in("john_doe", "wrong") == ""
        assert tab.var(LOGIN_STATE, "error")["message"] == "The id or the password is wrong."
        assert tab.var(SESSION_STATE, "ticket") == ""


@pytest.mark.parametrize(
    "form",
    [{}, {"id": 1, "password": None}, {"id": ["x"]}, {"id": "john_doe"}],
    ids=str,
)
def test_a_form_of_any_shape_is_just_wrong(server: Server, form: dict[str, object]) -> None:
    with Tab(server, path="/login") as tab:
        tab.call(f"{LOGIN_STATE}.log_in", form=form)
        wait_until(lambda: "wrong" in str(tab.var(LOGIN_STATE, "error")))
        assert tab.var(SESSION_STATE, "ticket") == ""


def test_tab_of_an_ended_session_signs_in_without_a_new_page(john: Browser) -> None:
    with Tab(john.server, john, path="/register") as tab:
        john.log_out()
        assert redeem(john, tab.log_in("jane_admin")).status_code == 200
    assert john.session()["user"]["id"] == "jane_admin"


def test_a_second_login_in_the_same_browser_ends_its_first_session(
    john: Browser,
) -> None:
    old = john.copy()
    with Tab(john.server, john, path="/login") as tab:
        assert redeem(john, tab.log_in("jane_admin")).status_code == 200
    assert john.session()["user"]["id"] == "jane_admin"
    assert old.session() is None


def test_second_click_on_log_in_counts_for_nothing(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        ticket = tab.log_in()
        tab.call(f"{LOGIN_STATE}.log_in", form={"id": "john_doe", "password": "tutorial"})
        tab.call(f"{LOGIN_STATE}.explain")
        wait_until(lambda: tab.var(LOGIN_STATE, "pending") is False)
        assert tab.var(SESSION_STATE, "ticket") == ticket
        assert redeem(visitor, ticket).status_code == 200
