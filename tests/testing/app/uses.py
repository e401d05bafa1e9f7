"""A session that is used by nothing but events, in the app of tests/guards; all of it passes."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Tab
from my_app.auth import Member, auth
from my_app.my_app import Visitors

ADA = Member(id="ada", name="Ada Lovelace")
DAY = 86_400


def test_it_lives_on_and_its_cookie_is_to_follow(auth_app, login_as, stopped_clock):
    browser = login_as(ADA)
    with Tab(auth_app, browser, path="/about") as tab, Tab(auth_app, browser) as other:
        expires = tab.view["expires"]
        stopped_clock.advance(DAY - 1)
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)
        assert tab.view["expires"] == expires

        stopped_clock.advance(1)
        tab.call(Visitors.come)
        tab.expect_vars(SessionState, cookie_version=2)
        assert tab.view["expires"] > expires
        other.expect_vars(SessionState, view=tab.view)
        assert other.var(SessionState, "cookie_version") == 0

        old = browser.token
        assert browser.get("/api/auth/session").json()["expires"] == tab.view["expires"]
        assert browser.token != old


def test_a_tab_that_is_only_open_uses_nothing(auth_app, login_as, stopped_clock):
    browser = login_as(ADA)
    with Tab(auth_app, browser, path="/about") as tab:
        expires = tab.view["expires"]
    stopped_clock.advance(DAY)
    with Tab(auth_app, browser, token=tab.token, path="/about") as again:
        again.call(f"{rx.State.get_full_name()}.hydrate")
        again.expect_session("authenticated")
        assert again.view["expires"] == expires


def test_it_ends_at_last_however_much_it_is_used(auth_app, login_as, stopped_clock):
    with Tab(auth_app, login_as(ADA), path="/about") as tab:
        for day in range(1, auth.engine.settings.session.absolute_age // DAY):
            stopped_clock.advance(DAY)
            tab.call(Visitors.come)
            tab.expect_vars(Visitors, count=day)
        stopped_clock.advance(DAY)
        tab.call(Visitors.come)
        tab.expect_session("unauthenticated")
