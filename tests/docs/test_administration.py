"""The guide to administration: its app, and an hour in it."""

from __future__ import annotations

import shutil
from pathlib import Path

from authdemo.testing import wait_until
from tests.docs.apps import serving_unbuilt, write
from tests.support.apps import state
from tests.support.browser import Browser, newest
from tests.support.server import ROOT
from tests.support.tab import SESSION_STATE, Tab
from tests.testing.test_fixtures import CONFIGURATION, run

AN_HOUR = """
from authdemo.testing import Tab, wait_until
from my_app.auth import PEOPLE
from my_app.my_app import Support
from authdemo.sessions.reflex.tabs.state import SessionState

RETURN = "/api/auth/impersonation/return"


def test_open_tabs_return_after_an_hour(auth_app, login_as, stopped_clock):
    grace = login_as(PEOPLE["grace"])
    with Tab(auth_app, grace, path="/support") as tab:
        tab.call(Support.act_as, form={"id": "ada", "reason": "Ticket 4711"})
        wait_until(lambda: tab.var(SessionState, "ticket"))
        body = {"csrfToken": grace.csrf(), "ticket": tab.var(SessionState, "ticket")}
        assert grace.post("/api/auth/ticket", json=body).status_code == 200
    with Tab(auth_app, grace) as one, Tab(auth_app, grace) as other:
        stopped_clock.advance(minutes=59, seconds=59)
        assert one.user["id"] == other.user["id"] == "ada"
        assert grace.session()["actor"]["name"] == "Grace Hopper"
        stopped_clock.advance(seconds=1)
        home = f"{auth_app.url}{RETURN}?callbackUrl={auth_app.url}/"
        for tab in (one, other):
            tab.expect_redirect(home)
    assert grace.session() is None
    assert grace.get(f"{RETURN}?callbackUrl=/").headers["Location"] == f"{auth_app.url}/"
    assert grace.session()["user"]["id"] == "grace"
    stopped_clock.advance(days=1)
    assert grace.session()["user"]["id"] == "grace"
"""


def test_open_tabs_return_after_an_hour(tmp_path: Path) -> None:
    write(tmp_path, "administration")
    shutil.copytree(ROOT / "reflex.lock", tmp_path / "reflex.lock")
    (tmp_path / "pytest.ini").write_text(CONFIGURATION)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_hour.py").write_text(AN_HOUR)
    ended = run(tmp_path)
    assert "1 passed" in ended, ended


def test_administrator_acts_as_a_user_by_the_guide(tmp_path: Path) -> None:
    support = state("support")
    with serving_unbuilt(tmp_path, "administration") as app:
        grace, ada = Browser(app), Browser(app)
        assert grace.log_in("grace").status_code == ada.log_in("ada").status_code == 200
        with Tab(app, ada) as tab:
            tab.call(f"{support}.act_as", form={"id": "grace", "reason": "Curious"})
            wait_until(lambda: tab.var(SESSION_STATE, "event_error"))
        with Tab(app, grace, path="/support") as tab:
            tab.call(f"{support}.act_as", form={"id": "ada", "reason": ""})
            wait_until(lambda: tab.var(support, "error"))
            tab.call(f"{support}.act_as", form={"id": "ada", "reason": "Ticket 4711"})
            wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
            assert grace.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
        assert grace.session()["actor"]["name"] == "Grace Hopper"
        assert ada.sessions()[0]["actor"]["reason"] == "Ticket 4711"
        assert (
            newest(grace, kind="impersonated")["actor"],
            ada.revoke(others=True).status_code,
        ) == (
            "grace",
            200,
        )
        assert grace.session() is None
