"""The states of tabs in Redis: all follow their owner, and no more are fetched than that takes."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

from authdemo.testing import wait_until
from tests.socket.test_handshake import (
    test_name_of_a_tab_alone_shows_none_of_its_state,
    test_tab_name_chosen_before_the_login_shows_no_state_afterwards,
)
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.tab import ACCOUNT_STATE, SESSION_STATE, Tab

__all__ = [
    "test_name_of_a_tab_alone_shows_none_of_its_state",
    "test_tab_name_chosen_before_the_login_shows_no_state_afterwards",
]


ROUNDS = 60


def test_tab_is_reset_at_its_sessions_end_before_it_has_another_owner(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.call(f"{ACCOUNT_STATE}.change_password", form={"current": "wrong", "new": "also wrong"})
        wait_until(lambda: (tab.var(ACCOUNT_STATE, "error") or {}).get("code"))
        john.copy().log_out()
        wait_until(lambda: tab.var(ACCOUNT_STATE, "error") == {})
    with Tab(john.server, token=tab.token, path="/login") as nobodys:
        assert nobodys.var(ACCOUNT_STATE, "error") == {}


def test_new_tab_claimed_by_two_users_gets_one_owner(john: Browser, other_browser: Browser) -> None:
    other_browser.log_in("jane_admin")
    browsers = (john, other_browser)
    start = Barrier(len(browsers))

    def open_tab(browser: Browser, token: str) -> Tab:
        start.wait()
        return Tab(browser.server, browser, token=token)

    with ThreadPoolExecutor(len(browsers)) as pool:
        for _ in range(ROUNDS):
            tokens = [str(uuid.uuid4())] * len(browsers)
            with ExitStack() as stack:
                tabs = list(map(stack.enter_context, pool.map(open_tab, browsers, tokens)))
                assert sum('"new_token"' in tab.received() for tab in tabs) == 1


def test_session_update_leaves_a_tabs_other_states_in_redis(john: Browser, redis: Redis) -> None:
    with Tab(john.server, john) as tab, redis.overheard() as commands:
        john.update({"name": "By HTTP"})
        wait_until(lambda: tab.name == "By HTTP")
    assert (fetched(SESSION_STATE, tab, commands), fetched(ACCOUNT_STATE, tab, commands)) == (1, 0)


def test_session_end_fetches_a_tabs_states_once(john: Browser, redis: Redis) -> None:
    with Tab(john.server, john) as tab, redis.overheard() as commands:
        john.copy().log_out()
        wait_until(lambda: tab.status == "unauthenticated")
    assert (fetched(SESSION_STATE, tab, commands), fetched(ACCOUNT_STATE, tab, commands)) == (1, 1)


def fetched(state: str, tab: Tab, commands: list[str]) -> int:
    """Count how often one of a tab's states was fetched."""
    key = f"{tab.token}_{state}"
    return sum(command.startswith("MGET") and key in command.split() for command in commands)
