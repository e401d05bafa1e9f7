"""Chapter 5 of the checklist: the web socket (ASVS 4.4)."""

from __future__ import annotations

import time

import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import (
    ACCOUNT_STATE,
    ADMIN_STATE,
    HOME_STATE,
    LOG_OUT_STATE,
    LOGIN_STATE,
    Tab,
)

CALLS: dict[str, dict[str, object]] = {
    f"{LOGIN_STATE}.log_in": {"form": {"id": ["john_doe"], "password": {"x": 1}}},
    f"{ACCOUNT_STATE}.change_password": {"form": {"current": ["x"], "new": 1}},
    f"{ADMIN_STATE}.change_role": {"account_id": ["x"], "role": {"x": 1}},
    f"{ADMIN_STATE}.end_sessions": {"account_id": None},
    f"{LOGIN_STATE}.explain": {},
    f"{LOG_OUT_STATE}.log_out": {},
}


def test_a_hundred_milliseconds_after_a_revocation_a_socket_gets_nothing_done(
    john: Browser,
) -> None:
    """ASVS 7.4.1 and 8.3.2."""
    with Tab(john.server, john) as tab:
        assert john.copy().revoke(all=True).status_code == 200
        revoked = time.monotonic()
        wait_until(lambda: time.monotonic() - revoked > 0.1)
        tab.server_update()
        wait_until(lambda: tab.var(HOME_STATE, "error"))
        assert tab.status == "unauthenticated"
        assert tab.name is None


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("who", ["nobody", "john"])
def test_a_handler_called_with_anything_fails_quietly(john: Browser, name: str, who: str) -> None:
    """ASVS 16.5.1: no trace, neither on the wire nor in the log."""
    with Tab(john.server, john if who == "john" else None, path="/login") as tab:
        tab.call(name, **CALLS[name])
        if name == f"{LOG_OUT_STATE}.log_out":
            tab.expect_session("unauthenticated")  # what waits behind it ends with the session
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man" or tab.var(HOME_STATE, "error"))
        assert "Traceback" not in tab.received()
    assert "Traceback" not in john.server.logged()


def test_a_socket_of_one_member_hears_nothing_of_another(john: Browser, jane: Browser) -> None:
    with Tab(john.server, john) as johns, Tab(jane.server, jane) as janes:
        jane.update({"name": "A Secret Name"})
        wait_until(lambda: janes.name == "A Secret Name")
        johns.server_update()
        wait_until(lambda: johns.name == "Serverserver-man")
        assert "A Secret Name" not in johns.received()
        assert "jane" not in johns.received()
