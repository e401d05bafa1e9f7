"""What becomes of a tab when its session ends, in the app of tests/guards; all of it passes."""

from __future__ import annotations

import os
import time

import pytest
from reflex.istate.manager.redis import StateManagerRedis

from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Browser, Tab, wait_until
from my_app.auth import Member, auth
from my_app.my_app import Ledger, Room, Visitors, app

ADA = Member(id="ada", name="Ada Lovelace")
GRACE = Member(id="grace", name="Grace Hopper", role="admin")
ON_REDIS = "REFLEX_REDIS_URL" in os.environ
only_on_redis = pytest.mark.skipif(not ON_REDIS, reason="states are kept as a whole")


@pytest.fixture
def adas(auth_app, login_as):
    """Ada's tab, with something in it that no rule protects."""
    with Tab(auth_app, login_as(ADA), path="/about") as tab:
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)
        yield tab


@pytest.fixture
def ended(auth_app, adas):
    """The same tab, which shows that her session has ended."""
    auth_app.run(auth.revoke_user("ada"))
    adas.expect_session("unauthenticated")
    return adas


def test_the_states_are_where_they_are_meant_to_be(auth_app):
    assert isinstance(app.state_manager, StateManagerRedis) is ON_REDIS


def test_a_tab_is_emptied_as_soon_as_its_session_ends(ended):
    ended.expect_vars(Visitors, count=0)


def test_its_next_owner_inherits_nothing(auth_app, login_as, ended):
    with ended:
        pass
    with Tab(auth_app, login_as(GRACE), token=ended.token, path="/about") as graces:
        assert graces.var(Visitors, "count") == 0
        graces.call(Visitors.come)
        graces.expect_vars(Visitors, count=1)


def test_sessions_of_user_names_tabs_and_changes(auth_app, login_as, adas):
    login_as(ADA)
    auth_app.run(auth.update_user("ada", name="Countess"))
    newest, own = auth_app.run(auth.sessions_of("ada", history=True))
    assert [entry.cause for entry in own.history] == ["sign-in", "server"]
    assert (newest.rev, newest.provider) == (2, "credentials")
    assert newest.created > own.created
    wait_until(lambda: [len(each.tabs) for each in auth_app.run(auth.sessions_of("ada"))] == [0, 1])
    assert auth_app.run(auth.sessions_of("grace")) == []


def test_change_of_a_session_reaches_listeners_until_they_stop(auth_app, login_as, adas):
    heard = []

    def listen(change):
        heard.append((change.kind, change.user_id))
        raise RuntimeError("a listener's own fault")

    stop = auth.on_change(listen)
    own = auth_app.run(auth.sessions_of("ada"))[0].id
    named = []
    stop_naming = auth.on_change(lambda change: named.append(change.session_id))
    auth_app.run(auth.update_user("ada", name="Countess"))
    auth_app.run(auth.revoke_user("ada"))
    stop_naming()
    login_as(GRACE)
    wait_until(lambda: ("began", "grace") in heard, on_timeout=lambda: str(heard))
    assert heard[:2] == [("updated", "ada"), ("ended", "ada")]
    assert set(named) - {""} == {own}
    stop()
    login_as(GRACE)
    assert heard.count(("began", "grace")) == 1


def test_nobody_inherits_anything_either(auth_app, ended):
    with ended:
        pass
    with Tab(auth_app, token=ended.token, path="/about") as nobodys:
        assert nobodys.var(Visitors, "count") == 0


def test_an_event_that_finds_the_session_over_empties_all(auth_app, adas):
    auth_app.run(auth.engine.sessions.store.sweep(float("inf")))  # which tells nobody
    adas.call(Ledger.dig)
    adas.expect_session("unauthenticated")
    adas.expect_vars(Visitors, count=0)


def test_anonymous_tab_keeps_its_state_when_its_browser_signs_in(auth_app, login_as):
    browser = Browser(auth_app)
    browser.csrf()
    with Tab(auth_app, browser, path="/about") as tab:
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)
    with Tab(auth_app, login_as(ADA, browser=browser), token=tab.token, path="/about") as back:
        assert back.var(Visitors, "count") == 1


def test_anonymous_tab_keeps_nothing_for_another_browser(auth_app, login_as):
    browser = Browser(auth_app)
    browser.csrf()
    with Tab(auth_app, browser, path="/about") as tab:
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)
    other = Browser(auth_app)
    other.csrf()
    for visitor in (None, other, login_as(ADA), login_as(ADA, browser=other)):
        with Tab(auth_app, visitor, token=tab.token, path="/about") as opened:
            assert opened.var(Visitors, "count") == 0
    with Tab(auth_app, browser, token=tab.token, path="/about") as back:
        assert back.var(Visitors, "count") == 1


@pytest.fixture
def graces(auth_app, login_as, adas):
    """A tab of Grace's, in a room that she shares with Ada's; Ada has written there."""
    with Tab(auth_app, login_as(GRACE), path="/about") as tab:
        adas.call(Room.write, note="her own")
        for each in (adas, tab):
            each.call(Room.enter, name="library")
            each.expect_vars(Room, note="")
        adas.call(Room.write, note="to all")
        for each in (adas, tab):
            each.expect_vars(Room, note="to all")
        yield tab
        tab.call(Room.write, note="")
        tab.expect_vars(Room, note="")


async def revoked(_):
    await auth.revoke_user("ada")


async def signed_out(tab):
    tab.call(Room.leave)


async def found_over(tab):
    (record,) = await auth.engine.sessions.list_by_user("ada")
    await auth.engine.sessions.store.delete(record.id)  # which tells nobody
    tab.call(Room.write, note="by nobody")


@pytest.mark.parametrize(
    ("end", "note"), [(revoked, ""), (signed_out, ""), (found_over, "by nobody")]
)
def test_who_leaves_takes_nothing_from_those_they_shared_a_state_with(
    auth_app, adas, graces, end, note
):
    auth_app.run(end(adas))
    adas.expect_session("unauthenticated")
    adas.expect_vars(Room, note=note)
    with Tab(auth_app, path="/about") as late:
        late.call(Room.enter, name="library")
        late.expect_vars(Room, note="to all")
        graces.call(Room.write, note="after all")
        late.expect_vars(Room, note="after all")


@pytest.mark.parametrize("heir", [GRACE, None], ids=["a-member", "nobody"])
def test_a_tabs_next_owner_shares_nothing_with_those_the_last_one_did(
    auth_app, login_as, adas, graces, heir
):
    with adas:
        pass
    browser = login_as(heir) if heir else None
    with Tab(auth_app, browser, token=adas.token, path="/about") as tab:
        assert tab.var(Room, "note") == ""
        tab.call(Room.write, note="mine")
        tab.expect_vars(Room, note="mine")
        graces.call(Room.write, note="ours")
        graces.expect_vars(Room, note="ours")
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)
        assert tab.var(Room, "note") == "mine"
        assert "to all" not in tab.received()
        assert "her own" not in tab.received()


@only_on_redis
@pytest.mark.parametrize("heir", [GRACE, None], ids=["a-member", "nobody"])
def test_a_tab_of_which_it_is_not_known_whose_it_was_is_emptied(auth_app, login_as, adas, heir):
    with adas:
        pass
    forget_whose(auth_app, adas)
    browser = login_as(heir) if heir else None
    with Tab(auth_app, browser, token=adas.token, path="/about") as tab:
        assert tab.var(Visitors, "count") == 0
        tab.call(Visitors.come)
        tab.expect_vars(Visitors, count=1)


@only_on_redis
def test_a_tab_that_stays_open_keeps_what_is_in_it_however_long_it_does(auth_app, adas):
    forget_whose(auth_app, adas)
    adas.call(Visitors.come)
    adas.expect_vars(Visitors, count=2)
    assert adas.status == "authenticated"


@only_on_redis
def test_whose_a_tab_is_is_known_for_as_long_as_what_is_in_it(auth_app, login_as, adas):
    redis = app.state_manager.redis
    auth_app.run(redis.expire(key_of(adas), 60))
    adas.call(Visitors.come)
    adas.expect_vars(Visitors, count=2)
    wait_until(lambda: auth_app.run(redis.ttl(key_of(adas))) > 60)


def key_of(tab):
    return f"{tab.token}_{SessionState.get_full_name()}"


def forget_whose(auth_app, tab):
    """Do as Redis does an hour after a session was last shown."""
    assert auth_app.run(app.state_manager.redis.delete(key_of(tab))) == 1


@pytest.mark.skipif(ON_REDIS, reason="a Redis that is back says so by itself")
def test_end_that_the_store_could_not_report_is_shown_when_it_is_back(
    auth_app, login_as, stopped_clock
):
    ada = login_as(ADA)
    stopped_clock.advance(auth.engine.settings.session.max_age - 0.5)
    with Tab(auth_app, ada) as tab:
        tab.expect_session("authenticated")
        looks_again = time.monotonic() + 2
        auth_app.run(auth.engine.sessions.store.close())
        stopped_clock.advance(1)
        wait_until(lambda: time.monotonic() >= looks_again)
        assert tab.status == "authenticated"
        auth_app.run(auth.engine.sessions.store.open())
        tab.expect_session("unauthenticated")
