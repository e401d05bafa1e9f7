"""Marked vars: what a tab is sent, read from its socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import switched_on
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import ROOT_STATE, SESSION_STATE, Tab

LEDGER, SAFE, VAULT, VISITORS = map(state, ("ledger", "safe", "vault", "visitors"))
CONFIRM = f"{ROOT_STATE}.authdemo___sessions___reflex___components___forms____confirm_state"


@pytest.fixture
def promotion(app: Server) -> Iterator[None]:
    """Make everybody an administrator, as far as the app's table says."""
    with switched_on(app, "promoted"):
        yield


def test_anonymous_tab_is_sent_no_var_for_members(app: Server) -> None:
    with Tab(app, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        tab.call(f"{VISITORS}.come")
        wait_until(lambda: tab.var(VISITORS, "count") == 1)
        assert (tab.var(LEDGER, "plans"), tab.var(LEDGER, "later")) == ("", [])
        assert tab.var(LEDGER, "gold") == "no gold"
        assert not [word for word in ("secret", "pot of gold") if word in tab.received()]


def test_member_is_sent_vars_for_members_and_none_for_administrators(
    app: Server, ada: Browser
) -> None:
    with Tab(app, ada, path="/about") as tab:
        assert tab.var(LEDGER, "plans") == "the secret plans, balance 100"
        assert tab.var(LEDGER, "later") == ["a secret for later"]
        tab.call(f"{LEDGER}.dig")
        tab.call(f"{LEDGER}.pay", amount=1)
        wait_until(lambda: tab.var(LEDGER, "plans") == "the secret plans, balance 99")
        assert "pot of gold" not in tab.received()


def test_administrator_is_sent_all_vars(app: Server, grace: Browser) -> None:
    with Tab(app, grace, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        wait_until(lambda: tab.var(LEDGER, "gold") == "a pot of gold")


def test_a_check_decides_who_is_sent_a_var(app: Server, ada: Browser, grace: Browser) -> None:
    with Tab(app, ada, path="/about") as adas, Tab(app, grace, path="/about") as graces:
        for tab in (adas, graces):
            tab.call(f"{LEDGER}.dig")
        wait_until(lambda: graces.var(LEDGER, "diary") == "Dear diary")
        wait_until(lambda: adas.var(LEDGER, "pin") == "1906")
        assert adas.var(LEDGER, "diary") == "no diary"
        assert "Dear diary" not in adas.received()


def test_fresh_var_is_sent_when_the_password_is_confirmed(
    app: Server, ada: Browser, later: Callable[[float], None]
) -> None:
    later(61)
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        tab.call(f"{VISITORS}.come")
        wait_until(lambda: tab.var(VISITORS, "count") == 1)
        assert tab.var(LEDGER, "pin") == "no pin"
        assert '"1906"' not in tab.received()
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        wait_until(lambda: tab.var(LEDGER, "pin") == "1906")


def test_fresh_var_is_withdrawn_when_the_proof_expires(
    app: Server, ada: Browser, later: Callable[[float], None]
) -> None:
    later(55)
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        wait_until(lambda: tab.var(LEDGER, "pin") == "1906")
        wait_until(lambda: tab.var(LEDGER, "pin") == "no pin")


def test_a_state_for_fresh_eyes_waits_for_the_password_with_all_that_it_has(
    app: Server, ada: Browser, later: Callable[[float], None]
) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{SAFE}.open_up")
        wait_until(lambda: tab.var(SAFE, "opened") == 1)
    later(61)
    with Tab(app, ada, token=tab.token, path="/about") as back:
        assert back.var(SAFE, "opened") == 0
        back.call(f"{SAFE}.open_up")
        wait_until(lambda: back.var(SESSION_STATE, "step_up"))
        back.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(SAFE, "opened") == 2)


def test_withheld_var_is_sent_when_the_session_gets_its_role(
    app: Server, ada: Browser, promotion: None
) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        tab.call(f"{VISITORS}.come")
        wait_until(lambda: tab.var(VISITORS, "count") == 1)
        assert "pot of gold" not in tab.received()
        tab.call(f"{LEDGER}.promote")
        wait_until(lambda: tab.var(LEDGER, "gold") == "a pot of gold")


def test_var_is_withdrawn_when_the_session_ends(app: Server, grace: Browser) -> None:
    with Tab(app, grace, path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        wait_until(lambda: tab.var(LEDGER, "gold") == "a pot of gold")
        grace.log_out()
        wait_until(lambda: tab.var(LEDGER, "gold") == "no gold")
        wait_until(lambda: tab.var(LEDGER, "plans") == "")


def test_var_is_sent_when_the_browser_of_an_anonymous_tab_signs_in(
    app: Server, nobody: Browser
) -> None:
    nobody.csrf()
    with Tab(app, nobody, path="/about") as tab:
        assert tab.var(LEDGER, "plans") == ""
    assert nobody.log_in("ada").status_code == 200
    with Tab(app, nobody, token=tab.token, path="/about") as back:
        wait_until(lambda: back.var(LEDGER, "plans") == "the secret plans, balance 100")


def test_where_all_is_protected_only_public_vars_are_sent(closed_app: Server) -> None:
    with Tab(closed_app, path="/about") as tab:
        tab.call(f"{VISITORS}.come")
        wait_until(lambda: tab.var(VISITORS, "count") == 1)
        assert tab.var(VAULT, "sign") == "Vault"
        assert "secret" not in tab.received()
