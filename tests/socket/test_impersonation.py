"""An administrator acts as a user: what both see, what stays closed, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from authdemo.testing import wait_until
from tests.socket.test_people import change_password, member, on_two_workers
from tests.support.browser import PASSWORD, Browser, newest, public
from tests.support.server import Server, running
from tests.support.tab import ADMIN_STATE, HOME_STATE, SESSION_STATE, Tab

BANNER_STATE = (
    "reflex___state____state."
    "authdemo___sessions___reflex___components___impersonation____impersonation_state"
)
RETURN = "/api/auth/impersonation/return"
WHY = "Ticket 4711"


@pytest.fixture(
    params=[lambda folder, _: running(folder), on_two_workers], ids=["embedded", "two workers"]
)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """An app with accounts of its own."""
    opened: Callable[..., AbstractContextManager[Server]] = request.param
    with opened(tmp_path, request) as server:
        yield server


def request(tab: Tab, user: str = "john_doe", reason: object = WHY) -> str:
    """Ask to act as a user; return the ticket, or an empty text."""
    tab.call(f"{ADMIN_STATE}.impersonate", form={"account_id": user, "reason": reason})
    wait_until(lambda: tab.var(SESSION_STATE, "ticket") or refusal(tab))
    return str(tab.var(SESSION_STATE, "ticket") or "")


def refusal(tab: Tab) -> dict[str, Any]:
    return tab.var(ADMIN_STATE, "error") or tab.var(SESSION_STATE, "event_error") or {}


def act(jane: Browser) -> Browser:
    """Have Jane act as John in her browser, and keep a copy of it from before."""
    before = jane.copy()
    with Tab(jane.server, jane, path="/admin") as tab:
        assert jane.redeem(request(tab)).status_code == 200
    return before


def come_back(browser: Browser, path: str = f"{RETURN}?callbackUrl=/admin") -> str:
    """Follow the way back, and return where it leads."""
    answer = browser.get(path)
    assert answer.status_code in (302, 303), answer.text
    return answer.headers["Location"].removeprefix(browser.server.url)


def leaves(tab: Tab, path: str = "/") -> None:
    """Wait until a tab is sent on the way back, and from there to a path."""

    def has_left() -> bool:
        url = urlsplit(str(tab.var(SESSION_STATE, "redirect_url")))
        target = parse_qs(url.query).get("callbackUrl", [""])[0]
        return url.path == RETURN and urlsplit(target).path == path

    wait_until(has_left)


def test_both_see_who_acts_and_stop_returns_to_the_own_session(world: Server) -> None:
    john, jane = member(world), member(world, "jane_admin")
    own = public(jane)
    act(jane)
    session = jane.session()
    assert session["user"]["id"] == "john_doe"
    assert (session["actor"]["id"], session["actor"]["name"]) == ("jane_admin", "Jane Admin")
    assert session["actor"]["reason"] == WHY
    assert session["actor"]["until"] == session["expires"]
    assert [each.get("actor", {}).get("id") for each in john.sessions()] == ["jane_admin", None]
    assert "actor" not in john.session()
    with Tab(world, jane) as tab, Tab(world, jane, path="/client") as other:
        assert tab.view["actor"]["id"] == other.view["actor"]["id"] == "jane_admin"
        tab.call(f"{BANNER_STATE}.stop")
        leaves(tab)
        leaves(other, "/client")
    assert jane.session() is None
    assert come_back(jane) == "/admin"
    assert (jane.session()["user"]["id"], public(jane)) == ("jane_admin", own)
    assert [each.get("actor") for each in john.sessions()] == [None]


def test_updates_carry_both_ids_everywhere(world: Server) -> None:
    john, jane = member(world), member(world, "jane_admin")
    act(jane)
    jane.update({"name": "By HTTP"}).raise_for_status()
    with Tab(world, jane) as tab:
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
    history = jane.get("/api/auth/token").json()["history"]
    assert [(each["cause"], each["actor"]) for each in history] == [
        ("server", "jane_admin"),
        ("client", "jane_admin"),
        ("sign-in", ""),
    ]
    for author in ("client", "server"):
        entry = newest(jane, kind="update", author=author)
        assert (entry["user"], entry["actor"]) == ("john_doe", "jane_admin")
    entry = newest(jane, kind="impersonated")
    assert (entry["user"], entry["actor"], entry["detail"]) == ("john_doe", "jane_admin", WHY)
    assert john.session()


def test_user_ends_it(world: Server) -> None:
    john, jane = member(world), member(world, "jane_admin")
    act(jane)
    with Tab(world, jane) as tab:
        name = next(each["id"] for each in john.sessions() if not each["current"])
        assert john.revoke(id=name).status_code == 200
        leaves(tab)
    assert come_back(jane) == "/admin"
    assert jane.session()["user"]["id"] == "jane_admin"
    assert john.session()


def test_impersonation_ends_when_the_administrator_loses_the_right(world: Server) -> None:
    grace = second_administrator(world)
    with Tab(world, grace, path="/admin") as admins:

        def change(name: str, **arguments: str) -> Callable[[], None]:
            return lambda: admins.call(f"{ADMIN_STATE}.{name}", **arguments)

        for change_right in (
            change("end_sessions", account_id="jane_admin"),
            change("change_role", account_id="john_doe", role="admin"),
            change("change_role", account_id="jane_admin", role="user"),
            change("disable", account_id="jane_admin"),
        ):
            change("change_role", account_id="john_doe", role="user")()
            jane = member(world, "jane_admin")
            wait_until(lambda: role_of(world, "john_doe") == "user")
            act(jane)
            with Tab(world, jane) as tab:
                change_right()
                leaves(tab)
            assert jane.session() is None
            change("change_role", account_id="jane_admin", role="admin")()
            wait_until(lambda: role_of(world, "jane_admin") in ("admin", ""))
    assert Browser(world).log_in("jane_admin").json()["code"] == "CredentialsSignin"


def second_administrator(world: Server) -> Browser:
    """Register an account, and make it an administrator's."""
    form = {"name": "Grace Hopper", "email": "grace@example.org", "password": "a long password"}
    visitor, jane = Browser(world), member(world, "jane_admin")
    visitor.get("/register")
    with Tab(world, visitor, path="/register") as tab:
        visitor.redeem(tab.register(id="grace", **form))
    with Tab(world, jane, path="/admin") as admins:
        admins.call(f"{ADMIN_STATE}.change_role", account_id="grace", role="admin")
        wait_until(lambda: visitor.session()["user"]["role"] == "admin")
    return visitor


def role_of(world: Server, account: str) -> str:
    """Sign in, and look which role the session has; empty if the account is disabled."""
    session = browser.session() if (browser := Browser(world)).log_in(account).is_success else None
    return str(session["user"]["role"]) if session else ""


def test_last_administrator_stays(world: Server) -> None:
    jane = member(world, "jane_admin")
    for name, more in (("change_role", {"role": "user"}), ("disable", {})):
        with Tab(world, jane, path="/admin") as admins:
            admins.call(f"{ADMIN_STATE}.{name}", account_id="jane_admin", **more)
            wait_until(lambda: refusal(admins))
            assert refusal(admins)["reason"] in ("own_role", "yourself")
    assert jane.session()["user"]["role"] == "admin"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, None, 7])
def test_missing_or_huge_reason_is_rejected(jane: Browser, reason: object) -> None:
    with Tab(jane.server, jane, path="/admin") as tab:
        assert request(tab, reason=reason) == ""
        assert (refusal(tab)["reason"], refusal(tab)["field"]) == ("reason", "reason")


@pytest.mark.parametrize(("user", "reason"), [("jane_admin", "self"), ("nobody", "unknown")])
def test_oneself_and_an_unknown_user_are_rejected(jane: Browser, user: str, reason: str) -> None:
    with Tab(jane.server, jane, path="/admin") as tab:
        assert request(tab, user) == ""
        assert refusal(tab)["reason"] == reason


def test_member_without_the_right_is_rejected(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        assert request(tab, "jane_admin") == ""
    assert john.session()["user"]["id"] == "john_doe"


def test_ticket_is_valid_once_and_in_that_browser_only(jane: Browser) -> None:
    phone = member(jane.server, "jane_admin")
    with Tab(jane.server, jane, path="/admin") as tab:
        ticket = request(tab)
    answer = phone.redeem(ticket)
    assert (answer.status_code, answer.json()["code"]) == (401, "TicketRejected")
    assert jane.redeem(ticket).status_code == 401
    assert jane.session()["user"]["id"] == phone.session()["user"]["id"] == "jane_admin"


def test_way_back_is_valid_once(jane: Browser) -> None:
    act(jane)
    thief = jane.copy()
    with Tab(jane.server, jane) as tab:
        tab.call(f"{BANNER_STATE}.stop")
        leaves(tab)
    assert come_back(jane) == "/admin"
    assert jane.session()["user"]["id"] == "jane_admin"
    come_back(thief)
    assert thief.session() is None
    assert thief.get("/").headers["Location"].startswith("/login")


def test_way_back_is_closed_while_the_impersonation_runs(jane: Browser) -> None:
    before = act(jane)
    thief = jane.copy()
    del thief.cookies["authjs.session-token"]
    come_back(thief)
    assert thief.session() is None
    assert jane.session()["actor"]["id"] == "jane_admin"
    come_back(jane)
    assert jane.session()["actor"]["id"] == "jane_admin"
    assert before.session()["user"]["id"] == "jane_admin"


def test_way_back_leads_to_no_other_site(jane: Browser) -> None:
    assert come_back(jane, f"{RETURN}?callbackUrl=https://evil.example/") == ""


def test_page_restores_the_own_session_where_no_tab_was_open(jane: Browser) -> None:
    act(jane)
    with Tab(jane.server, jane) as tab:
        tab.call(f"{BANNER_STATE}.stop")
        leaves(tab)
    onward = jane.get("/admin?page=2")
    assert onward.status_code == 303
    assert come_back(jane, onward.headers["Location"].removeprefix(jane.server.url)) == (
        "/admin?page=2"
    )
    assert jane.get("/admin").status_code == 200


def test_sign_out_as_the_user_signs_the_administrator_out(jane: Browser) -> None:
    before = act(jane)
    assert jane.log_out().status_code == 200
    assert (jane.session(), before.session()) == (None, None)
    come_back(jane)
    assert jane.session() is None


def test_sign_in_as_the_user_closes_the_way_back(jane: Browser) -> None:
    before = act(jane)
    assert jane.log_in().status_code == 200
    assert before.session() is None
    assert jane.log_out().status_code == 200
    come_back(jane)
    assert jane.session() is None


def test_password_stays_closed_to_who_knows_it(jane: Browser) -> None:
    act(jane)
    with Tab(jane.server, jane, path="/account") as tab:
        said = change_password(tab, PASSWORD, "a new password")
        assert said == "This isn't possible while you act as another user."
    member(jane.server)


@pytest.mark.parametrize("chosen", [{"all": True}, {"others": True}])
def test_users_other_sessions_stay_closed(
    john: Browser, jane: Browser, chosen: dict[str, bool]
) -> None:
    act(jane)
    answer = jane.revoke(**chosen)
    assert (answer.status_code, answer.json()["code"]) == (403, "ImpersonationRejected")
    assert jane.revoke(id=public(john)).status_code == 403
    assert john.session()
    assert jane.revoke(id=public(jane)).status_code == 200
    assert jane.session() is None


def test_other_tabs_of_the_browser_follow(jane: Browser) -> None:
    with (
        Tab(jane.server, jane, path="/admin") as tab,
        Tab(jane.server, jane) as other,
        Tab(jane.server, member(jane.server, "jane_admin")) as elsewhere,
    ):
        assert jane.redeem(request(tab)).status_code == 200
        wait_until(lambda: other.var(SESSION_STATE, "reloads") == 1)
        assert not elsewhere.var(SESSION_STATE, "reloads")
        elsewhere.call(f"{HOME_STATE}.server_update")
        wait_until(lambda: elsewhere.name == "Serverserver-man")


def test_event_of_an_old_tab_is_still_the_administrators(jane: Browser) -> None:
    with Tab(jane.server, jane, path="/admin") as tab, Tab(jane.server, jane) as old:
        assert jane.redeem(request(tab)).status_code == 200
        old.server_update()
        wait_until(lambda: old.name == "Serverserver-man")
        assert old.user["id"] == "jane_admin"
    assert jane.session()["user"]["name"] == "John Doe"
