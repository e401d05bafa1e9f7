"""The buttons of the devtools, pressed without a browser."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import DEVTOOLS_STATE, Tab


def act(tab: Tab, action: str, field: str = "", value: str = "") -> None:
    tab.call(f"{DEVTOOLS_STATE}.act", action=action, field=field, value=value)


def rejection(tab: Tab) -> str:
    wait_until(lambda: tab.var(DEVTOOLS_STATE, "error"))
    return str(tab.var(DEVTOOLS_STATE, "error")["code"])


def test_server_update_changes_what_a_client_may_change(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        act(tab, "update", "name", "Ada")
        wait_until(lambda: tab.name == "Ada")
    assert john.session()["user"]["name"] == "Ada"


@pytest.mark.parametrize("field", ["role", "id", "email", "superpowers"])
def test_server_update_of_another_field_is_rejected(john: Browser, field: str) -> None:
    before = john.session()
    with Tab(john.server, john) as tab:
        act(tab, "update", field, "admin")
        assert rejection(tab) == "AccessDenied"
    assert john.session()["user"] == before["user"]


def test_unknown_action_is_rejected(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        act(tab, "sign_in", "id", "jane_admin")
        assert rejection(tab) == "AccessDenied"


def test_action_of_anonymous_visitor_is_rejected(browser: Browser) -> None:
    with Tab(browser.server, browser) as tab:
        act(tab, "update", "name", "Ada")
        assert rejection(tab) == "NotAuthenticated"


def test_refresh_keeps_the_session(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        act(tab, "refresh")
        act(tab, "update", "name", "Ada")
        wait_until(lambda: tab.name == "Ada")
    assert john.session()["user"]["role"] == "user"


def test_expiry_is_in_ten_seconds_and_the_tab_leaves_then(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        act(tab, "expire")
        wait_until(lambda: seconds_left(john) <= 10)
        assert john.session()["rev"] == 1
        wait_until(lambda: tab.status == "unauthenticated")
    assert john.session() is None


def seconds_left(browser: Browser) -> float:
    return datetime.fromisoformat(browser.session()["expires"]).timestamp() - time.time()
