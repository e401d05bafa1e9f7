"""A new password and a new role: what they do to the sessions that are open."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import pytest
from reflex_base.constants.state import FIELD_MARKER

from authdemo.testing import wait_until
from tests.support.browser import PASSWORD, Browser
from tests.support.redis import Redis
from tests.support.server import Server, running
from tests.support.tab import ACCOUNT_STATE, ADMIN_STATE, SESSION_STATE, Tab

NEW = "a new password"
Open: TypeAlias = Callable[[Path, pytest.FixtureRequest], AbstractContextManager[Server]]


def on_two_workers(folder: Path, request: pytest.FixtureRequest) -> AbstractContextManager[Server]:
    redis: Redis = request.getfixturevalue("redis")
    redis.ask("FLUSHALL")  # in the tests before this one John may have stayed signed in
    return running(folder, REFLEX_REDIS_URL=redis.url, WORKERS="2")


@pytest.fixture(
    params=[lambda folder, _: running(folder), on_two_workers], ids=["embedded", "two workers"]
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """An app with accounts of its own."""
    opened: Open = request.param
    with opened(tmp_path, request) as server:
        yield server


def member(server: Server, account: str = "john_doe", password: str = PASSWORD) -> Browser:
    browser = Browser(server)
    assert browser.log_in(account, password).status_code == 200
    return browser


def change_password(tab: Tab, current: str, new: object) -> str:
    tab.call(f"{ACCOUNT_STATE}.change_password", form={"current": current, "new": new})
    wait_until(lambda: tab.var(ACCOUNT_STATE, "done") or tab.var(ACCOUNT_STATE, "error"))
    return str((tab.var(ACCOUNT_STATE, "error") or {"message": ""})["message"])


def test_a_changed_password_ends_the_other_sessions_and_stays_changed(world: Server) -> None:
    """ASVS 7.4.3."""
    own, other, jane = member(world), member(world), member(world, "jane_admin")
    with Tab(world, own, path="/account") as tab, Tab(world, other) as elsewhere:
        assert change_password(tab, PASSWORD, NEW) == ""
        assert tab.var(ACCOUNT_STATE, "ended") == 1
        wait_until(lambda: elsewhere.status == "unauthenticated")
        assert tab.status == "authenticated"
    assert other.session() is None
    assert own.session()["user"]["id"] == "john_doe"
    assert jane.session()["user"]["id"] == "jane_admin"
    assert Browser(world).log_in("john_doe", PASSWORD).status_code == 401
    member(world, password=NEW)


def test_a_role_that_changes_is_in_every_tab_and_in_the_next_check(world: Server) -> None:
    """ASVS 8.3.2."""
    john, phone, jane = member(world), member(world), member(world, "jane_admin")
    phone.update({"name": "On the Phone"})
    assert john.get("/admin").status_code == 403
    with (
        Tab(world, john) as first,
        Tab(world, phone) as second,
        Tab(world, jane, path="/admin") as janes,
    ):
        janes.call(f"{ADMIN_STATE}.change_role", account_id="john_doe", role="admin")
        wait_until(lambda: [t.view["user"]["role"] for t in (first, second)] == ["admin"] * 2)
        assert second.name == "On the Phone"
        first.call(f"{ADMIN_STATE}.look")
        wait_until(lambda: first.var(ADMIN_STATE, "people"))
        assert john.get("/admin").status_code == 200
        janes.call(f"{ADMIN_STATE}.change_role", account_id="john_doe", role="user")
        wait_until(lambda: first.view["user"]["role"] == "user")
        first.call(f"{ADMIN_STATE}.end_sessions", account_id="jane_admin")
        wait_until(lambda: first.var(SESSION_STATE, "event_error"))
        assert first.var(ADMIN_STATE, "people") == []
    assert john.get("/admin").status_code == 403
    assert phone.session()["rev"] == 4
    assert jane.session()


def test_administrator_ends_sessions_of_another_user(world: Server) -> None:
    """ASVS 7.4.5."""
    john, phone, jane = member(world), member(world), member(world, "jane_admin")
    with Tab(world, john) as tab, Tab(world, jane, path="/admin") as janes:
        janes.call(f"{ADMIN_STATE}.end_sessions", account_id="john_doe")
        wait_until(lambda: tab.status == "unauthenticated")
    assert (john.session(), phone.session()) == (None, None)
    assert jane.session()


def role_of(account: str, *browsers: Browser) -> str:
    users = [browser.session()["user"] for browser in browsers]
    return next(str(user["role"]) for user in users if user["id"] == account)


def ticket_of(browser: Browser, account: str = "john_doe") -> str:
    """Authenticate over a socket, and don't go on from there."""
    browser.get("/login")
    with Tab(browser.server, browser, path="/login") as tab:
        ticket = tab.log_in(account)
    assert ticket
    return ticket


def is_refused(browser: Browser, ticket: str) -> bool:
    answer = browser.redeem(ticket)
    assert (answer.status_code, answer.json()["code"]) == (401, "SignInOutdated")
    return browser.session() is None


def test_a_ticket_from_before_a_new_password_opens_nothing(world: Server) -> None:
    own, thief = member(world), Browser(world)
    ticket = ticket_of(thief)
    with Tab(world, own, path="/account") as tab:
        assert change_password(tab, PASSWORD, NEW) == ""
    assert is_refused(thief, ticket)
    assert own.session()["user"]["id"] == "john_doe"
    wait_until(lambda: world.audited(reason="SignInOutdated", path="/api/auth/ticket"))
    member(world, password=NEW)


def test_a_ticket_from_before_a_new_role_gives_nobody_the_old_one(world: Server) -> None:
    john, jane, phone = member(world), member(world, "jane_admin"), Browser(world)
    with Tab(world, john, path="/admin") as johns, Tab(world, jane) as janes:
        ticket = ticket_of(phone, "jane_admin")
        for who, tab, role in (("john_doe", janes, "admin"), ("jane_admin", johns, "user")):
            tab.call(f"{ADMIN_STATE}.change_role", account_id=who, role=role)
            wait_until(lambda who=who, role=role: role_of(who, john, jane) == role)
    assert is_refused(phone, ticket)
    assert phone.redeem(ticket_of(phone, "jane_admin")).status_code == 200
    assert phone.session()["user"]["role"] == "user"


@pytest.mark.parametrize("chosen", ["all", "others"])
def test_a_ticket_from_before_all_sessions_were_ended_opens_nothing(
    john: Browser, other_browser: Browser, chosen: str
) -> None:
    ticket = ticket_of(other_browser)
    assert john.revoke(**{chosen: True}).status_code == 200
    assert is_refused(other_browser, ticket)


@pytest.mark.parametrize(
    ("current", "new", "said"),
    [
        ("wrong", NEW, "The id or the password is wrong."),
        (PASSWORD, "short", "The password must have at least 8 characters."),
        (PASSWORD, "x" * 1025, "The password must have at most 1024 bytes, and no NUL."),
        (PASSWORD, "with\0a NUL", "The password must have at most 1024 bytes, and no NUL."),
        (PASSWORD, None, "The password must have at least 8 characters."),
    ],
)
def test_a_password_that_can_not_be_is_refused_and_ends_nothing(
    john: Browser, current: str, new: object, said: str
) -> None:
    other = member(john.server)
    with Tab(john.server, john, path="/account") as tab:
        assert change_password(tab, current, new) == said
    assert other.session()
    member(john.server)


def test_a_refusal_leaves_the_administrators_list_as_it_is(jane: Browser) -> None:
    with Tab(jane.server, jane, path="/admin") as tab:
        tab.call(f"{ADMIN_STATE}.look")
        wait_until(lambda: tab.var(ADMIN_STATE, "people"))
        before = tab.received()
        tab.call(f"{ADMIN_STATE}.end_sessions", account_id="nobody")
        wait_until(lambda: tab.var(ADMIN_STATE, "error"))
        assert tab.var(ADMIN_STATE, "error")["message"] == "This account doesn't exist."
        tab.expect_vars(ADMIN_STATE, pending=False)
        assert "john_doe" in [each["id"] for each in tab.var(ADMIN_STATE, "people")]
        assert f'"pending{FIELD_MARKER}":true' in tab.received().removeprefix(before)


@pytest.mark.parametrize("act", ["look", "change_role", "end_sessions"])
def test_handler_for_administrators_gives_a_member_nothing(
    john: Browser, jane: Browser, act: str
) -> None:
    account = {} if act == "look" else {"account_id": "jane_admin"}
    role = {"role": "user"} if act == "change_role" else {}
    with Tab(john.server, john) as tab:
        tab.call(f"{ADMIN_STATE}.{act}", **account, **role)
        wait_until(lambda: tab.var(SESSION_STATE, "event_error"))
        assert (
            tab.var(SESSION_STATE, "event_error")["message"]
            == "You don't have permission to do this."
        )
        assert "jane@email" not in tab.received()
    assert jane.session()["user"]["role"] == "admin"
