"""Registering over the socket, whatever the page would have sent."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import REGISTER_STATE, SESSION_STATE, Tab

PASSWORD = "a bird in a gilded cage"
_numbers = itertools.count()


def form(**fields: Any) -> dict[str, Any]:
    """A form for an account that nobody has yet."""
    new = {"id": f"mary{next(_numbers)}", "name": "Mary", "email": "mary@example.org"}
    return {**new, "password": PASSWORD, **fields}


@pytest.fixture
def visitor(browser: Browser) -> Browser:
    """A browser that has opened the page."""
    browser.get("/register")
    return browser


def test_registration_signs_in_by_a_ticket_and_the_account_logs_in_later(
    visitor: Browser, other_browser: Browser
) -> None:
    mary = form(id="Mary.Shelley", name=" Mary Shelley ")
    with Tab(visitor.server, visitor, path="/register?callbackUrl=/client") as tab:
        answer = visitor.redeem(tab.register(**mary))
        assert answer.json()["url"] == f"{visitor.server.url}/client"
        assert PASSWORD not in tab.received()
    user = visitor.session()["user"]
    assert (user["id"], user["name"], user["role"]) == ("Mary.Shelley", "Mary Shelley", "user")
    for typed in ("mary.shelley", "Mary.Shelley"):
        assert other_browser.log_in(typed, PASSWORD).status_code == 200
        assert other_browser.session()["user"] == user


def test_second_click_on_register_counts_for_nothing(visitor: Browser) -> None:
    mary = form()
    with Tab(visitor.server, visitor, path="/register") as tab:
        ticket = tab.register(**mary)
        tab.call(f"{REGISTER_STATE}.register", form=mary)
        tab.call(f"{REGISTER_STATE}.begin_to_register")
        wait_until(lambda: tab.var(REGISTER_STATE, "pending") is False)
        assert "The id is taken." not in tab.received()
        assert visitor.redeem(ticket).status_code == 200


def test_common_password_is_rejected_beside_its_field(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert tab.register(**form(password="Password1")) == ""
        (blamed,) = tab.errors
        assert (blamed, tab.errors["password"]["reason"]) == ("password", "too_common")


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_a_registration_leads_to_no_other_origin(visitor: Browser, wanted: str) -> None:
    with Tab(visitor.server, visitor, path=f"/register?callbackUrl={wanted}") as tab:
        target = visitor.redeem(tab.register(**form())).json()["url"]
    assert target.removesuffix("/") == visitor.server.url


def test_ticket_of_a_registration_is_rejected_in_another_browser(
    visitor: Browser, other_browser: Browser
) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert other_browser.redeem(tab.register(**form())).status_code == 401
    assert other_browser.session() is None


def test_an_id_that_is_taken_is_an_error_of_its_field(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert tab.register(**form(id="JOHN_DOE")) == ""
        assert tab.errors == {
            "id": {
                "message": "The id is taken.",
                "code": "AccountRejected",
                "field": "id",
                "reason": "taken",
            }
        }
    assert Browser(visitor.server).log_in("john_doe").status_code == 200


def test_all_errors_are_reported_by_field(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert tab.register(id="x", name="", email="nobody", password="short") == ""
        assert set(tab.errors) == {"id", "name", "email", "password"}
        tab.call(f"{REGISTER_STATE}.begin_to_register")
        wait_until(lambda: tab.errors == {})


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"id": None, "name": 1, "email": [], "password": {}},
        {"id": "ada", "name": "Ada", "email": "ada@example.org", "password": ["x" * 8]},
        {"id": "ada\u202e", "name": "\0", "email": "\0@x.org", "password": "\0" * 9},
    ],
    ids=lambda wrong: f"{len(str(wrong))} characters",
)
def test_a_form_of_any_shape_is_refused_by_field(visitor: Browser, wrong: dict[str, Any]) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert tab.register(**wrong) == ""
        assert set(tab.errors) <= {"id", "name", "email", "password"}


def test_registration_that_asks_for_a_role_gets_the_default_one(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        visitor.redeem(tab.register(**form(role="admin", folded="x", accounts="y")))
    assert visitor.session()["user"]["role"] == "user"
    assert visitor.get("/admin").status_code == 403


def test_socket_changes_no_place_of_accounts(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/register") as tab:
        tab.call(f"{REGISTER_STATE}.set_accounts", value="elsewhere")
        assert tab.register(**form())
        assert "accounts_rx_state_" not in tab.received()


def test_a_member_who_registers_is_the_new_one_and_the_old_session_ends(john: Browser) -> None:
    old = john.copy()
    with Tab(john.server, john, path="/register") as tab:
        mary = form()
        assert john.redeem(tab.register(**mary)).status_code == 200
    assert john.session()["user"]["id"] == mary["id"]
    assert old.session() is None


def test_registrations_and_refusals_are_in_the_audit_trail(visitor: Browser) -> None:
    mary = form()
    with Tab(visitor.server, visitor, path="/register") as tab:
        assert tab.register(**{**mary, "email": "nobody"}) == ""
        assert tab.register(**mary)
    wait_until(lambda: visitor.server.audited(kind="registered", user=mary["id"]))
    (entry,) = visitor.server.audited(kind="registered", user=mary["id"])
    assert entry["ip"] == "127.0.0.1"
    assert visitor.server.audited(kind="refused", path="/register", fields=["email"])
    assert PASSWORD not in visitor.server.logged()
    assert tab.var(SESSION_STATE, "ticket") not in visitor.server.logged()
