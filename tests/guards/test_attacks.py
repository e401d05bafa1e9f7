"""The attacks of the devtools on an app of its own, in which everything is protected."""

from __future__ import annotations

from authdemo.devtools.attacks import ATTACKS
from authdemo.testing import wait_until
from tests.guards.conftest import member
from tests.support.server import Server
from tests.support.tab import ATTACKS_STATE, Tab


def test_attacks_on_a_protected_app_are_stopped(closed_app: Server) -> None:
    with Tab(closed_app, member(closed_app, "grace"), path="/about") as tab:
        tab.call(f"{ATTACKS_STATE}.run_all")
        wait_until(lambda: len(tab.var(ATTACKS_STATE, "outcomes") or {}) == len(ATTACKS))
        outcomes = tab.var(ATTACKS_STATE, "outcomes")
        assert [key for key, outcome in outcomes.items() if not outcome["passed"]] == []


def test_member_without_the_role_has_no_attacks(closed_app: Server) -> None:
    with Tab(closed_app, member(closed_app, "ada"), path="/about") as tab:
        tab.call(f"{ATTACKS_STATE}.run_all")
        wait_until(lambda: tab.var(ATTACKS_STATE, "error"))
        assert tab.var(ATTACKS_STATE, "error")["code"] == "AccessDenied"
        assert not tab.var(ATTACKS_STATE, "outcomes")
