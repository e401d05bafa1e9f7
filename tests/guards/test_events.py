"""Marked event handlers, called by their names."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import member
from tests.support.apps import state
from tests.support.browser import Browser, public
from tests.support.server import Server
from tests.support.tab import ROOT_STATE, SESSION_STATE, Tab

LEDGER, VAULT, VISITORS = state("ledger"), state("vault"), state("visitors")
CLERK = state("clerk")
CONFIRM = f"{ROOT_STATE}.authdemo___sessions___reflex___components___forms____confirm_state"


def test_event_for_members_does_not_run_for_anonymous(app: Server) -> None:
    with Tab(app, path="/about") as tab:
        tab.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        assert tab.var(SESSION_STATE, "redirect_url") == "/login?callbackUrl=/about"
        assert tab.var(LEDGER, "balance") == 100
    refused = {"kind": "refused", "path": f"{LEDGER}.pay", "reason": "NotAuthenticated"}
    wait_until(lambda: app.audited(**refused))


def test_of_events_that_are_refused_again_and_again_the_first_is_noted(
    app: Server, ada: Browser
) -> None:
    def noted(handler: str, reason: str = "NotAuthenticated") -> int:
        return len(app.audited(kind="refused", path=f"{LEDGER}.{handler}", reason=reason))

    before, wiped = noted("pay"), noted("wipe")
    with Tab(app, path="/about") as tab:
        for _ in range(50):
            tab.call(f"{LEDGER}.pay", amount=7)
        tab.call(f"{LEDGER}.wipe")
        wait_until(lambda: noted("wipe") == wiped + 1)
        assert noted("pay") == before + 1
    with Tab(app, path="/about") as another:
        another.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: noted("pay") == before + 2)
    denied = noted("pay_at_leisure", "AccessDenied")
    with Tab(app, ada, path="/about") as adas:
        adas.call(f"{LEDGER}.pay_at_leisure")
        wait_until(lambda: noted("pay_at_leisure", "AccessDenied") == denied + 1)
        ada.log_out()
        anonymous = noted("pay_at_leisure")
        adas.call(f"{LEDGER}.pay_at_leisure")
        wait_until(lambda: noted("pay_at_leisure") == anonymous + 1)


def test_denied_event_is_in_the_audit_trail(app: Server, ada: Browser) -> None:
    asked = {"kind": "refused", "session": public(ada)}
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{VAULT}.open_up")
        wait_until(lambda: app.audited(**asked, reason="AccessDenied", user="ada"))
        tab.call(f"{CLERK}.rename", name="x" * 65)
        wait_until(lambda: app.audited(**asked, reason="UpdateRejected", fields=["name"]))
        ada.log_out()
        tab.call(f"{VAULT}.open_up")
        late = {"reason": "NotAuthenticated", "path": f"{VAULT}.open_up"}
        wait_until(lambda: app.audited(**late))
        assert not app.audited(**late, user="ada")


def test_that_the_store_is_away_is_no_refusal(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{CLERK}.ask_in_vain")
        wait_until(lambda: (tab.var(SESSION_STATE, "event_error") or {}).get("code"))
        assert tab.var(SESSION_STATE, "event_error")["code"] == "StoreUnavailable"
        tab.call(f"{CLERK}.rename", name="x" * 65)
        wait_until(lambda: app.audited(session=public(ada), reason="UpdateRejected"))
    assert not app.audited(reason="StoreUnavailable")


def test_an_event_for_members_runs_for_a_member(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: tab.var(LEDGER, "balance") == 93)


def test_an_async_check_decides(app: Server, ada: Browser, grace: Browser) -> None:
    with Tab(app, ada, path="/about") as adas, Tab(app, grace, path="/about") as graces:
        graces.call(f"{LEDGER}.pay_as_ada")
        wait_until(lambda: graces.var(SESSION_STATE, "event_error"))
        assert graces.var(SESSION_STATE, "event_error")["code"] == "AccessDenied"
        adas.call(f"{LEDGER}.pay_as_ada")
        wait_until(lambda: adas.var(LEDGER, "paid") == 1)
        assert graces.var(LEDGER, "paid") == 0


def test_a_background_event_is_kept_too(app: Server, ada: Browser, grace: Browser) -> None:
    with Tab(app, ada, path="/about") as adas, Tab(app, grace, path="/about") as graces:
        adas.call(f"{LEDGER}.pay_at_leisure")
        wait_until(lambda: adas.var(SESSION_STATE, "event_error"))
        graces.call(f"{LEDGER}.pay_at_leisure")
        wait_until(lambda: graces.var(LEDGER, "paid") == 10)
        assert adas.var(LEDGER, "paid") == 0


def test_a_protected_state_keeps_all_but_what_is_public(
    app: Server, ada: Browser, grace: Browser
) -> None:
    with Tab(app, ada, path="/about") as adas, Tab(app, grace, path="/about") as graces:
        adas.call(f"{VAULT}.open_up")
        wait_until(lambda: adas.var(SESSION_STATE, "event_error"))
        adas.call(f"{VAULT}.knock")
        wait_until(lambda: adas.var(VAULT, "sign") == "Who is there?")
        graces.call(f"{VAULT}.open_up")
        wait_until(lambda: graces.var(VAULT, "opened") == 1)


def test_an_event_loses_its_right_when_the_session_ends(app: Server, ada: Browser) -> None:
    with Tab(app, ada, path="/about") as tab:
        ada.log_out()
        tab.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        assert tab.var(LEDGER, "balance") == 100


def test_event_that_waited_runs_when_its_browser_has_signed_in(
    app: Server, nobody: Browser
) -> None:
    nobody.csrf()
    with Tab(app, nobody, path="/about") as tab:
        tab.call(f"{LEDGER}.like", times=3)
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
    assert nobody.log_in("ada").status_code == 200
    with Tab(app, nobody, token=tab.token, path="/about") as back:
        wait_until(lambda: back.var(LEDGER, "liked") == 3)
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(VISITORS, "count") == 1)
        assert back.var(LEDGER, "liked") == 3


def test_an_event_that_waited_too_long_does_not_run(
    app: Server, nobody: Browser, later: Callable[[float], None]
) -> None:
    nobody.csrf()
    with Tab(app, nobody, path="/about") as tab:
        tab.call(f"{LEDGER}.like", times=3)
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
    later(301)
    assert nobody.log_in("ada").status_code == 200
    with Tab(app, nobody, token=tab.token, path="/about") as back:
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(VISITORS, "count") == 1)
        assert back.var(LEDGER, "liked") == 0


@pytest.mark.parametrize(("blanks", "liked"), [(100, 3), (20_000, 0)])
def test_event_waits_for_its_sender_unless_it_is_large(
    app: Server, nobody: Browser, blanks: int, liked: int
) -> None:
    nobody.get("/about")
    with Tab(app, nobody, path="/about") as tab:
        tab.call(f"{LEDGER}.like", times=" " * blanks + "3")
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
    nobody.log_in("ada")
    with Tab(app, nobody, token=tab.token, path="/about") as back:
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(VISITORS, "count") == 1)
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(VISITORS, "count") == 2)
        assert (back.var(LEDGER, "liked") or 0) == liked


def test_event_without_replay_is_not_kept(app: Server, nobody: Browser) -> None:
    nobody.csrf()
    with Tab(app, nobody, path="/about") as tab:
        tab.call(f"{LEDGER}.pay", amount=7)
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
    assert nobody.log_in("ada").status_code == 200
    with Tab(app, nobody, token=tab.token, path="/about") as back:
        back.call(f"{VISITORS}.come")
        wait_until(lambda: back.var(VISITORS, "count") == 1)
        assert back.var(LEDGER, "balance") == 100


def test_a_sensitive_event_waits_for_the_password(
    app: Server, ada: Browser, later: Callable[[float], None]
) -> None:
    later(61)
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.wipe")
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
        assert not tab.var(SESSION_STATE, "redirect_url")
        tab.call(f"{CONFIRM}.confirm", form={"password": "a guess"})
        wait_until(lambda: tab.var(CONFIRM, "error"))
        assert tab.var(CONFIRM, "error")["code"] == "CredentialsSignin"
        assert tab.var(LEDGER, "balance") == 100
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        wait_until(lambda: tab.var(SESSION_STATE, "resumes") == 1)
        assert tab.var(SESSION_STATE, "step_up") == {}
        tab.call(f"{CONFIRM}.resume")
        wait_until(lambda: tab.var(LEDGER, "balance") == 0)
    wait_until(lambda: app.audited(kind="confirmed", user="ada"))


def test_confirmation_that_a_callback_redirects_is_no_proof(
    app: Server, ada: Browser, later: Callable[[float], None], elsewhere: None
) -> None:
    later(61)
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        wait_until(lambda: tab.var(CONFIRM, "error"))
        assert tab.var(CONFIRM, "error")["code"] == "AccessDenied"
        tab.call(f"{LEDGER}.wipe")
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
        assert tab.var(LEDGER, "balance") == 100


def test_an_event_that_waits_for_one_member_does_not_run_for_another(
    app: Server, ada: Browser, grace: Browser, later: Callable[[float], None]
) -> None:
    later(61)
    with Tab(app, ada, path="/about") as tab:
        tab.call(f"{LEDGER}.wipe")
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
    with Tab(app, grace, token=tab.token, path="/about") as graces:
        graces.call(f"{CONFIRM}.confirm", form={"password": "tutorial"})
        graces.call(f"{VISITORS}.come")
        wait_until(lambda: graces.var(VISITORS, "count") == 1)
        assert graces.var(LEDGER, "balance") == 100


@pytest.mark.parametrize("event", ["dig", "promote"])
def test_where_all_is_protected_an_unmarked_event_does_not_run(
    closed_app: Server, event: str
) -> None:
    with Tab(closed_app, path="/about") as tab:
        tab.call(f"{LEDGER}.{event}")
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        tab.call(f"{VISITORS}.come")
        wait_until(lambda: tab.var(VISITORS, "count") == 1)


def test_where_all_is_protected_members_go_on_as_ever(closed_app: Server) -> None:
    with Tab(closed_app, member(closed_app, "grace"), path="/about") as tab:
        tab.call(f"{LEDGER}.dig")
        wait_until(lambda: tab.var(LEDGER, "gold") == "a pot of gold")


@pytest.mark.parametrize("handler", ["log_out_to", "log_out_and_lead"])
def test_sign_out_leads_its_own_tab_where_the_handler_says(app: Server, handler: str) -> None:
    ada = Browser(app)
    ada.log_in("ada")
    with Tab(app, ada, path="/") as tab, Tab(app, ada, path="/") as other:
        tab.call(f"{CLERK}.{handler}", page="/about?left=1")
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        wait_until(lambda: other.var(SESSION_STATE, "redirect_url"))
        assert tab.var(SESSION_STATE, "redirect_url") == "/about?left=1"
        assert other.var(SESSION_STATE, "redirect_url") == "/login?callbackUrl=/"
        assert "_redirect" not in tab.received()
        assert tab.status == other.status == "unauthenticated"


def test_sign_out_leads_to_no_other_origin(app: Server) -> None:
    ada = Browser(app)
    ada.log_in("ada")
    with Tab(app, ada, path="/") as tab:
        tab.call(f"{CLERK}.log_out_to", page="https://evil.example/")
        wait_until(lambda: tab.var(SESSION_STATE, "redirect_url"))
        assert "evil" not in tab.var(SESSION_STATE, "redirect_url")
