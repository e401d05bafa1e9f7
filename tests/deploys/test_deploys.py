"""Signed-in people and their tabs, when the app's model of a user is another one."""

from __future__ import annotations

import re

import httpx

from authdemo.testing import Tab, wait_until
from tests.deploys.conftest import Deploy
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server, doesnt_complain
from tests.support.tab import SESSION_STATE

DESK = state("desk")
SAID = "Sunday, 1835, SMALL, 3"
COMPLAINT = "Ending sessions that no longer match user model Newer (plan: literal_error)."


def signed_in(server: Server, account: str) -> Browser:
    browser = Browser(server)
    assert browser.log_in(account).status_code == 200
    return browser


def moved(browser: Browser, server: Server) -> Browser:
    """The same browser, at the address where the app is now."""
    there = Browser(server)
    there.cookies = dict(browser.cookies)
    return there


def carried_over(
    account: str, old: Server, new: Server, provider: str = "credentials"
) -> httpx.Response:
    """Sign in over a socket of one version, and bring the ticket to the other."""
    browser = Browser(old)
    browser.get("/login")
    with Tab(old, browser, path="/login") as tab:
        form = {"id": account, "password": "tutorial"}
        tab.call(f"{DESK}.sign_in", form=form, provider=provider)
        wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
        return moved(browser, new).redeem(tab.var(SESSION_STATE, "ticket"))


def lives_on(browser: Browser, tab: Tab) -> None:
    user = browser.session()["user"]
    assert (user["colour"], user["born"], "nickname" in user) == ("blue", "1815-12-10", False)
    assert browser.get("/").status_code == 200
    tab.expect_session("authenticated", colour="blue")
    tab.call(f"{DESK}.say")
    tab.expect_vars(DESK, said=SAID)


def has_ended(browser: Browser, tab: Tab) -> None:
    tab.call(f"{DESK}.say")
    tab.expect_session("unauthenticated")
    tab.expect_redirect("/login?callbackUrl=/&error=SessionRequired&code=ended")
    tab.expect_vars(DESK, said="")
    assert browser.session() is None
    assert browser.get("/").headers["Location"] == "/login?callbackUrl=/"
    assert browser.update({"name": "Grace"}).status_code == 401


def says_why(server: Server) -> None:
    (entry,) = server.audited(kind="ended")
    assert (entry["reason"], entry["fields"], entry["user"]) == (
        "schema_mismatch",
        ["plan"],
        "grace",
    )
    complaints = [line for line in server.logged().splitlines() if "sessions.audit:" not in line]
    assert complaints == [COMPLAINT]
    assert not re.search("gold|secret name", server.logged())


def test_who_fits_stays_and_who_does_not_signs_in_again(deploy: Deploy) -> None:
    with deploy("older") as server:
        ada, grace = signed_in(server, "ada"), signed_in(server, "grace")
        with Tab(server, ada) as adas, Tab(server, grace) as graces:
            graces.call(f"{DESK}.say")
            graces.expect_vars(DESK, said=SAID)
    doesnt_complain(server)
    with deploy("newer") as server:
        ada, grace = moved(ada, server), moved(grace, server)
        with (
            Tab(server, ada, token=adas.token) as adas,
            Tab(server, grace, token=graces.token) as graces,
        ):
            lives_on(ada, adas)
            has_ended(grace, graces)
            grace.log_in("grace")
            assert grace.session()["user"]["plan"] == "free"
        says_why(server)


def test_tabs_at_the_older_version_leave_when_the_newer_one_ends_their_session(
    roll_out: Deploy,
) -> None:
    with roll_out("older") as old, roll_out("newer") as new:
        ada, grace = signed_in(old, "ada"), signed_in(old, "grace")
        with Tab(old, ada) as adas, Tab(old, grace) as graces:
            graces.call(f"{DESK}.say")
            graces.expect_vars(DESK, said=SAID)
            assert moved(ada, new).update({"name": "Countess"}).status_code == 200
            adas.expect_session("authenticated", name="Countess", plan="free")
            assert moved(grace, new).session() is None
            has_ended(grace, graces)
        assert carried_over("ada", old, new).status_code == 200
        assert carried_over("grace", old, new).status_code == 401
        assert carried_over("ada", old, new, provider="guild").status_code == 401
        says_why(new)
    doesnt_complain(old)
