"""The disk is full: changes are refused, nothing is half done, and reads go on."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx
import pytest

from authdemo.testing import wait_until
from tests.support.browser import Browser
from tests.support.tab import ADMIN_STATE, HOME_STATE, LOGIN_STATE, Tab
from tests.trouble.conftest import Disk

CHANGES: dict[str, Callable[[Browser], httpx.Response]] = {
    "update": lambda browser: browser.update({"name": "Changed"}),
    "sign-in": lambda browser: Browser(browser.server).log_in("jane_admin"),
    "revocation": lambda browser: browser.revoke(others=True),
    "sign-out": lambda browser: browser.log_out(),
}


@pytest.fixture
def member(disk: Disk) -> Browser:
    browser = Browser(disk.server)
    browser.log_in()
    return browser


def test_changes_wait_for_room_and_reads_go_on(disk: Disk, member: Browser) -> None:
    member.revoke(others=True)
    other = Browser(disk.server)
    other.log_in()
    complaints = disk.server.complaints()
    before, workers = [member.session(), other.session()], disk.server.children()
    disk.fill()
    for name, change in CHANGES.items():
        refused = change(member.copy())
        assert refused.status_code == 503, name
        assert refused.json()["code"] in ("StoreUnavailable", "AccountsUnavailable"), name
    assert [member.session(), other.session()] == before
    assert len(member.sessions()) == 2
    assert member.get("/").status_code == Browser(disk.server).get("/login").status_code == 200
    disk.empty()
    for name, change in CHANGES.items():
        assert change(member).status_code == 200, name
    assert (member.session(), other.session()) == (None, None)
    assert disk.server.children() == workers
    said = disk.server.complaints()[len(complaints) :]
    assert all("can't be saved" in each or "can't be reached" in each for each in said)
    assert len(said) in (1, 2)


def test_accounts_are_read_after_changes_that_found_no_room(disk: Disk) -> None:
    jane = Browser(disk.server)
    jane.log_in("jane_admin")
    with Tab(disk.server, jane, path="/admin") as tab:
        disk.fill()
        for number in range(5):
            body = {"csrfToken": jane.csrf(), "data": {"name": f"Jane {number}"}}
            answer = jane.post("/api/auth/user", json=body)
            assert answer.status_code == 503
        tab.call(f"{ADMIN_STATE}.look")
        wait_until(lambda: tab.var(ADMIN_STATE, "people") or tab.var(ADMIN_STATE, "error"))
        assert not tab.var(ADMIN_STATE, "error")
        assert "Jane Admin" in [each["name"] for each in tab.var(ADMIN_STATE, "people")]
        disk.empty()


def test_tabs_show_the_error_and_recover_when_there_is_room(disk: Disk, member: Browser) -> None:
    server = disk.server
    with Tab(server, member) as tab, Tab(server, path="/login") as login:
        disk.fill()
        tab.server_update()
        wait_until(lambda: "can't be saved" in str(tab.var(HOME_STATE, "error")))
        assert not login.log_in()
        error = str(login.var(LOGIN_STATE, "error"))
        assert "can't be saved" in error or "can't be reached" in error
        assert tab.name == "John Doe"
        disk.empty()
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")


def test_a_session_that_should_be_renewed_is_read_all_the_same(disk: Disk, member: Browser) -> None:
    old = member.token
    disk.fill()
    renewal_is_due = time.time() + 1.1
    wait_until(lambda: time.time() > renewal_is_due)
    assert member.session()["user"]["name"] == "John Doe"
    assert member.get("/").status_code == 200
    assert member.token == old
    disk.empty()
    member.session()
    assert member.token != old
