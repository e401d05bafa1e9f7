"""The attacks, called around their page."""

from __future__ import annotations

import re

from authdemo.devtools.attacks import ATTACKS
from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import ATTACKS_STATE, Tab


def tries(tab: Tab, handler: str, **payload: object) -> None:
    tab.call(f"{ATTACKS_STATE}.{handler}", **payload)
    said = ("outcomes", "error")

    def is_done() -> bool:
        is_at_rest = tab.var(ATTACKS_STATE, "pending") == []
        return is_at_rest and any(tab.var(ATTACKS_STATE, name) for name in said)

    wait_until(is_done)


def test_attacks_by_a_member_send_no_token_in_any_frame(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tries(tab, "run_all")
        outcomes = tab.var(ATTACKS_STATE, "outcomes")
        assert outcomes.keys() == ATTACKS.keys()
        assert [key for key, outcome in outcomes.items() if not outcome["passed"]] == []
        assert john.token
        said = tab.received() + john.server.logged()
    assert john.token.rpartition(".")[2] not in said
    assert re.findall(r"eyJ[\w-]{20,}", said) == []
    assert john.session()["rev"] == 1
    wait_until(lambda: john.server.audited(kind="refused", reason="RequestRejected"))


def test_anonymous_visitor_has_no_attacks(browser: Browser) -> None:
    with Tab(browser.server, browser) as tab:
        tries(tab, "run_all")
        assert tab.var(ATTACKS_STATE, "error")["code"] == "NotAuthenticated"
        assert not tab.var(ATTACKS_STATE, "outcomes")


def test_unknown_attack_is_rejected(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tries(tab, "run", key="__class__")
        assert tab.var(ATTACKS_STATE, "error")["reason"] == "attack"
        assert not tab.var(ATTACKS_STATE, "outcomes")
