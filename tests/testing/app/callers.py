"""Callers of events when their tab changes its owner, in the app of tests/guards; all of it passes.

What runs waits at a gate that the test opens, so that nothing depends on how long something takes.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict

import pytest
import reflex as rx
from reflex.utils.exceptions import ImmutableStateError

from authdemo.sessions import NotAuthenticated, protected
from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Browser, Tab, wait_until
from authdemo.testing.tab import REFUSED
from my_app.auth import Member, auth
from my_app.my_app import Visitors, app

ADA = Member(id="ada", name="Ada Lovelace")
GRACE = Member(id="grace", name="Grace Hopper", role="admin")

gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
seen: list[str] = []
kept: set[asyncio.Task] = set()


async def open_gate(name):
    gates[name].set()


class Desk(rx.State):
    """What real apps do beside plain handlers."""

    report: str = ""
    chained: int = 0

    @rx.event(background=True)
    @protected
    async def research(self, gate: str, *, stubborn: bool = False):
        who = (await auth(self)).user.id
        seen.append(f"{who} began")
        try:
            await gates[gate].wait()
        except asyncio.CancelledError:
            seen.append(f"{who} cancelled")
            if not stubborn:
                raise
            asyncio.current_task().uncancel()
        await self._finish(who)

    @rx.event
    @protected
    async def delegate(self, gate: str):
        who = (await auth(self)).user.id
        proxy = rx.istate.proxy.StateProxy(self)

        async def work():
            seen.append(f"{who} began")
            await gates[gate].wait()
            await Desk._finish(proxy, who)

        task = asyncio.create_task(work())
        kept.add(task)
        task.add_done_callback(lambda task: seen.append(f"ended {task.cancelled()}"))

    def _user_id(self):
        session = auth.current(self)
        return session.user.id if session else None

    @rx.event(background=True)
    @protected
    async def idle(self, gate: str):
        seen.append(f"{self._user_id()} idles")
        await gates[gate].wait()
        seen.append(f"{self._user_id()} is back")

    async def _finish(self, who):
        session = await auth(self)
        assert self._user_id() == (session.user.id if session else None)
        seen.append(f"{who} is {self._user_id()}")
        if session is None:
            with pytest.raises(NotAuthenticated):
                await auth.update(self, name=f"Named by {who}")
            seen.append("NotAuthenticated")
        async with self:
            self.report = f"report of {who}"
            await auth.update(self, name=f"Named by {who}")
        seen.append(f"{who} wrote")

    @rx.event(background=True)
    async def rename_without_lock(self):
        try:
            await auth.update(self, name="Renamed")
        except ImmutableStateError as error:
            seen.append(str(error))

    @rx.event(background=True)
    @protected
    async def chain(self, gate: str):
        seen.append("chain began")
        await gates[gate].wait()
        return Desk.chain_end

    @rx.event
    @protected
    async def chain_end(self):
        session = await auth(self)
        self.report = f"chained by {session.user.id}"
        self.chained += 1

    @rx.event
    @protected
    async def stream(self, gate: str, *, stubborn: bool = False):
        who = (await auth(self)).user.id
        self.report = f"{who} streams"
        yield
        try:
            await gates[gate].wait()
        except asyncio.CancelledError:
            if not stubborn:
                raise
            seen.append(f"{who} goes on")
        self.report = f"{who} goes on"
        yield

    @rx.event
    def greet(self):
        self.report = f"hello, {self._user_id()}"

    @rx.event
    async def note(self, text: str):
        seen.append(f"noted {text}")
        self.report = text

    @rx.event
    @protected(replay=True)
    async def keep(self, text: str):
        session = await auth(self)
        seen.append(f"{session.user.id} kept {text}")

    @rx.event
    async def leave(self):
        await auth.sign_out(self)
        self.report = "goodbye"
        yield Desk.note("after that")

    @rx.event(background=True)
    async def leave_and_work(self, gate: str):
        who = (await auth(self)).user.id
        async with self:
            await auth.sign_out(self)
        seen.append(f"{who} left")
        try:
            await gates[gate].wait()
        finally:
            seen.append("cancelled")
        async with self:
            self.report = f"report of {who}"

    @rx.event
    async def leave_and_stream(self, gate: str):
        who = (await auth(self)).user.id
        await auth.sign_out(self)
        seen.append(f"{who} left")
        yield
        try:
            await gates[gate].wait()
        finally:
            seen.append("cancelled")
        self.report = f"report of {who}"
        yield

    @rx.event(background=True)
    async def browse(self, gate: str):
        seen.append("browses")
        await gates[gate].wait()
        try:
            async with self:
                self.report = "of an anonymous visitor"
                await auth.redirect_to(self, "/elsewhere")
        except asyncio.CancelledError:
            seen.append("cancelled")
            raise


class Board(rx.SharedState):
    """What tabs share."""

    text: str = ""

    @rx.event
    @protected
    async def enter(self, name: str):
        await self._link_to(name)

    @rx.event
    def write(self, text: str):
        self.text = text


@pytest.fixture(autouse=True)
def fresh():
    gates.clear()
    seen.clear()


@pytest.fixture
def browser(auth_app):
    """A browser that has visited the app."""
    browser = Browser(auth_app)
    browser.csrf()
    return browser


@pytest.fixture
def tab(login_as, browser):
    """Ada's tab."""
    with Tab(browser.server, login_as(ADA, browser=browser), path="/about") as tab:
        yield tab


def happened(*what):
    wait_until(lambda: set(what) <= set(seen), on_timeout=lambda: str(seen))


def close(auth_app, tab):
    """Close a tab, and wait until Reflex has let go of its name."""
    tab._close()
    manager = app.event_namespace._token_manager

    async def names():
        return [name async for name in manager.enumerate_tokens()]

    wait_until(lambda: tab.token not in auth_app.run(names()))


def reset_tab(auth_app, tab, browser, login_as):
    """Let Ada log out, and Grace log in in the same tab of the same browser."""
    browser.log_out()
    tab.expect_session("unauthenticated")
    close(auth_app, tab)
    return Tab(browser.server, login_as(GRACE, browser=browser), token=tab.token, path="/about")


def test_background_task_ends_when_its_session_ends(auth_app, tab, browser, login_as):
    tab.call(Desk.research, gate="a")
    happened("ada began")
    with reset_tab(auth_app, tab, browser, login_as) as graces:
        happened("ada cancelled")
        graces.call(Desk.note, text="hers")
        graces.expect_vars(Desk, report="hers")
        assert "of ada" not in graces.received()
    assert "ada wrote" not in seen
    assert browser.session()["user"]["name"] == "Grace Hopper"


def test_update_in_background_without_the_lock_stores_nothing(auth_app, tab, browser):
    tab.call(Desk.rename_without_lock)
    wait_until(lambda: any("async with self" in each for each in seen))
    assert browser.session()["user"]["name"] == "Ada Lovelace"


def test_task_that_ignores_its_end_has_no_rights_and_no_tab(auth_app, tab, browser, login_as):
    tab.call(Desk.research, gate="a", stubborn=True)
    happened("ada began")
    with reset_tab(auth_app, tab, browser, login_as) as graces:
        happened("ada cancelled", "ada is None", "NotAuthenticated")
        graces.call(Desk.note, text="hers")
        graces.expect_vars(Desk, report="hers")
        assert "of ada" not in graces.received()
    assert "ada wrote" not in seen
    assert browser.session()["user"]["name"] == "Grace Hopper"


def test_task_of_the_apps_own_has_the_session_that_started_it(auth_app, tab, browser, login_as):
    tab.call(Desk.delegate, gate="a")
    happened("ada began")
    with reset_tab(auth_app, tab, browser, login_as) as graces:
        auth_app.run(open_gate("a"))
        happened("ada is None", "NotAuthenticated", "ended True")
        graces.call(Desk.note, text="hers")
        graces.expect_vars(Desk, report="hers")
        assert "of ada" not in graces.received()
    assert "ada wrote" not in seen


def test_task_of_the_apps_own_acts_for_the_session_that_started_it(auth_app, tab, browser):
    tab.call(Desk.delegate, gate="a")
    happened("ada began")
    auth_app.run(open_gate("a"))
    tab.expect_vars(Desk, report="report of ada")
    assert browser.session()["user"]["name"] == "Named by ada"


def test_current_session_is_read_at_once_in_a_plain_handler(auth_app, tab, browser):
    tab.call(Desk.greet)
    tab.expect_vars(Desk, report="hello, ada")
    auth_app.run(auth.revoke_user("ada"))
    tab.expect_session("unauthenticated")
    tab.call(Desk.greet)
    tab.expect_vars(Desk, report="hello, None")


def test_current_session_is_none_after_its_time(auth_app, tab):
    tab.call(Desk.idle, gate="a")
    happened("ada idles")
    close(auth_app, tab)
    auth_app.stop_clock().advance(auth.engine.settings.session.absolute_age + 1)
    auth_app.run(open_gate("a"))
    happened("None is back")


def test_current_session_is_none_outside_of_events(tab):
    assert auth.current(Desk) is None


def test_stream_and_what_waits_behind_it_end_with_their_session(auth_app, tab):
    tab.call(Desk.stream, gate="a")
    tab.expect_vars(Desk, report="ada streams")
    tab.call(Desk.note, text="waits")
    auth_app.run(auth.revoke_user("ada"))
    auth_app.run(open_gate("a"))
    tab.expect_session("unauthenticated")
    tab.call(Desk.note, text="later")
    tab.expect_vars(Desk, report="later")
    assert "ada goes on" not in tab.received()
    assert seen == ["noted later"]


def test_stream_that_ignores_its_end_sends_nothing(auth_app, tab):
    tab.call(Desk.stream, gate="a", stubborn=True)
    tab.expect_vars(Desk, report="ada streams")
    auth_app.run(auth.revoke_user("ada"))
    happened("ada goes on")
    tab.expect_session("unauthenticated")
    tab.call(Desk.note, text="later")
    tab.expect_vars(Desk, report="later")
    assert "ada goes on" not in tab.received()


def test_handler_that_signs_out_goes_on_signed_out(tab):
    tab.call(Desk.leave)
    tab.expect_session("unauthenticated")
    tab.expect_vars(Desk, report="after that")
    assert "goodbye" in tab.received()


@pytest.mark.parametrize("name", ["leave_and_work", "leave_and_stream"])
def test_handler_that_signs_out_reaches_no_later_owner_of_its_tab(
    auth_app, tab, browser, login_as, name
):
    tab.call(getattr(Desk, name), gate="a")
    happened("ada left")
    tab.expect_session("unauthenticated")
    close(auth_app, tab)
    happened("cancelled")
    browser.csrf()  # as the page that signed out does
    with Tab(auth_app, login_as(GRACE, browser=browser), token=tab.token, path="/about") as graces:
        auth_app.run(open_gate("a"))
        graces.call(Desk.note, text="hers")
        graces.expect_vars(Desk, report="hers")
        assert "of ada" not in graces.received()


def test_anonymous_task_has_no_hold_on_the_tab_of_a_member(auth_app, browser, login_as):
    with Tab(auth_app, browser, path="/about") as opened:
        opened.call(Desk.browse, gate="a")
        happened("browses")
        close(auth_app, opened)
    with Tab(auth_app, login_as(ADA, browser=browser), token=opened.token, path="/about") as adas:
        auth_app.run(open_gate("a"))
        happened("cancelled")
        assert "new_token" not in adas.received()
        adas.call(Desk.note, text="hers")
        adas.expect_vars(Desk, report="hers")
        assert "anonymous visitor" not in adas.received()
        assert "/elsewhere" not in adas.received()


def test_shared_state_takes_no_tabs_name(auth_app, tab, login_as):
    tab.call(Board.write, text="private note")
    tab.expect_vars(Board, text="private note")
    with Tab(auth_app, login_as(GRACE), path="/about") as graces:
        graces.call(Board.enter, name=tab.token)
        wait_until(
            lambda: (graces.var(SessionState, "event_error") or {}).get("code") == "AccessDenied"
        )
        assert "private note" not in graces.received()


def test_event_chained_after_a_reload_runs_for_its_session(auth_app, tab, browser):
    tab.call(Visitors.come)
    tab.expect_vars(Visitors, count=1)
    tab.call(Desk.chain, gate="a")
    happened("chain began")
    close(auth_app, tab)
    with Tab(auth_app, browser, token=tab.token, path="/about") as again:
        auth_app.run(open_gate("a"))
        again.expect_vars(Desk, chained=1, report="chained by ada")
        again.expect_vars(Visitors, count=1)
        again.expect_session("authenticated", id="ada")
        assert "unauthenticated" not in again.received()


def test_tabs_name_alone_gets_a_tab_of_its_own(auth_app, tab, login_as):
    tab.call(Visitors.come)
    tab.expect_vars(Visitors, count=1)
    tab.call(Desk.research, gate="a")
    happened("ada began")
    close(auth_app, tab)
    for visitor in (None, login_as(GRACE)):
        with Tab(auth_app, visitor, token=tab.token, path="/about") as other:
            assert '["new_token"' in other.received()
            assert other.var(Visitors, "count") == 0
            other.call(Desk.note, text="mine")
            other.expect_vars(Desk, report="mine")
    auth_app.run(open_gate("a"))
    happened("ada wrote")
    assert "of ada" not in other.received()


def test_tab_is_as_its_owner_left_it_after_another_named_it(auth_app, tab, browser):
    tab.call(Visitors.come)
    tab.expect_vars(Visitors, count=1)
    close(auth_app, tab)
    with Tab(auth_app, token=tab.token, path="/about") as other:
        other.call(Visitors.come)
        other.expect_vars(Visitors, count=1)
    with Tab(auth_app, browser, token=tab.token, path="/about") as again:
        assert again.var(Visitors, "count") == 1


@pytest.mark.parametrize(
    "name", ["team-7", str(uuid.uuid5(uuid.NAMESPACE_DNS, "team")), "+", str(uuid.uuid4()).upper()]
)
def test_handshake_rejects_names_that_no_page_makes(auth_app, name):
    with pytest.raises(REFUSED):
        Tab(auth_app, token=name)


@pytest.mark.parametrize("digit", "89abcdef")
def test_handshake_takes_the_names_that_reflexs_page_makes(auth_app, digit):
    with Tab(auth_app, token=f"705c8d6f-98ed-43f7-{digit}e76-{uuid.uuid4().hex[:12]}") as tab:
        assert "new_token" not in tab.received()


def test_shared_state_is_no_tab_even_if_its_name_is_a_tabs(auth_app, tab, login_as):
    room = str(uuid.uuid4())
    with Tab(auth_app, login_as(GRACE), path="/about") as graces:
        for each in (tab, graces):
            each.call(Board.enter, name=room)
        graces.call(Board.write, text="minutes")
        tab.expect_vars(Board, text="minutes")
        with Tab(auth_app, token=room, path="/about") as other:
            assert '["new_token"' in other.received()
            other.call(Board.write, text="by a visitor")
            other.expect_vars(Board, text="by a visitor")
        graces.call(Board.write, text="minutes, 2")
        tab.expect_vars(Board, text="minutes, 2")
        assert "minutes" not in other.received()
        assert "by a visitor" not in tab.received()


def test_replayed_event_is_not_inherited_from_another_browser(auth_app, tab, browser, login_as):
    victim = Browser(auth_app)
    victim.csrf()
    with Tab(auth_app, victim, path="/about") as opened:
        close(auth_app, opened)
    with Tab(auth_app, token=opened.token, path="/about") as attacker:
        attacker.call(Desk.note, text="planted")
        attacker.expect_vars(Desk, report="planted")
        attacker.call(Desk.keep, text="planted")
        attacker.expect_vars(SessionState, redirect_url="/login?callbackUrl=/about")
        close(auth_app, attacker)
    with Tab(auth_app, login_as(GRACE, browser=victim), token=opened.token, path="/about") as own:
        assert own.var(Desk, "report") == ""
        own.call(Desk.note, text="hers")
        own.expect_vars(Desk, report="hers")
    assert "grace kept planted" not in seen


def test_replayed_event_runs_once_its_browser_has_signed_in(auth_app, browser, login_as):
    with Tab(auth_app, browser, path="/about") as opened:
        opened.call(Desk.keep, text="letter")
        opened.expect_vars(SessionState, redirect_url="/login?callbackUrl=/about")
        close(auth_app, opened)
    with Tab(auth_app, login_as(GRACE, browser=browser), token=opened.token, path="/about"):
        happened("grace kept letter")
