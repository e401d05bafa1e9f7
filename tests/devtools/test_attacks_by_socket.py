"""The workshop, called around its page."""

from __future__ import annotations

import re

from authdemo.devtools.workshop.experiments import EXPERIMENTS
from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import WORKSHOP_STATE, Tab


def tries(tab: Tab, handler: str, **payload: object) -> None:
    tab.call(f"{WORKSHOP_STATE}.{handler}", **payload)
    said = ("tried", "error")

    def is_done() -> bool:
        is_at_rest = tab.var(WORKSHOP_STATE, "pending") is False
        return is_at_rest and any(tab.var(WORKSHOP_STATE, name) for name in said)

    wait_until(is_done)


def test_a_member_tries_everything_and_no_token_is_in_any_frame(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tries(tab, "run_all")
        outcomes = tab.var(WORKSHOP_STATE, "outcomes")
        assert outcomes.keys() == EXPERIMENTS.keys()
        assert [key for key, outcome in outcomes.items() if not outcome["held"]] == []
        assert tab.var(WORKSHOP_STATE, "held") == len(EXPERIMENTS)
        assert john.token
        said = tab.received() + john.server.logged()
    assert john.token.rpartition(".")[2] not in said
    assert re.findall(r"eyJ[\w-]{20,}", said) == []
    assert john.session()["rev"] == 1
    wait_until(lambda: john.server.audited(kind="refused", reason="RequestRejected"))


def test_nobody_has_no_workshop(browser: Browser) -> None:
    with Tab(browser.server, browser) as tab:
        tries(tab, "run_all")
        assert tab.var(WORKSHOP_STATE, "error")["code"] == "NotAuthenticated"
        assert not tab.var(WORKSHOP_STATE, "outcomes")


def test_an_unknown_experiment_is_refused(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tries(tab, "run", key="__class__")
        assert tab.var(WORKSHOP_STATE, "error")["reason"] == "experiment"
        assert not tab.var(WORKSHOP_STATE, "outcomes")
