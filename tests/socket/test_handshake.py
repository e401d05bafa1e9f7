"""Who is let in, and as which user."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from authdemo.testing import wait_until
from authdemo.testing.tab import REFUSED
from tests.http.test_cookies import SECURE_CSRF, SECURE_SESSION
from tests.support.browser import Browser
from tests.support.server import Server, running
from tests.support.tab import HOME_STATE, SESSION_STATE, Tab

EVIL = "https://evil.example"


@pytest.mark.parametrize(
    "origin",
    [EVIL, "null", "{own}.evil.example", "http://127.0.0.1", "http://localhost:1"],
)
def test_another_sites_page_is_refused(john: Browser, origin: str) -> None:
    with pytest.raises(REFUSED, match="403"):
        Tab(john.server, john, origin=origin.replace("{own}", john.server.url))


def test_rejected_origin_is_logged_once_with_the_setting(john: Browser) -> None:
    origin = "https://elsewhere.example"
    for _ in range(2):
        with pytest.raises(REFUSED, match="403"):
            Tab(john.server, john, origin=origin)
    lines = [line for line in john.server.logged().splitlines() if origin in line]
    assert len(lines) == 1
    assert "If the page is the app's, open it there, or name its origin in AUTH_URL." in lines[0]


def test_a_socket_of_the_apps_own_page_is_the_sessions(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        assert tab.view == {"status": "authenticated", **john.session()}


def test_a_socket_without_an_origin_is_nobodys(john: Browser) -> None:
    with Tab(john.server, john, origin=None) as tab:
        assert tab.status == "unauthenticated"
        tab.server_update()
        assert "You are not signed in" in _refusal(tab)
    assert john.session()["rev"] == 1


def test_a_socket_that_names_no_tab_is_refused(john: Browser) -> None:
    """Reflex would write whatever it sends into the log, passwords too."""
    with pytest.raises(REFUSED, match="403"):
        Tab(john.server, john, token="&no=token")


def test_a_page_at_the_public_address_is_let_in(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with running(tmp_path_factory.mktemp("public"), AUTH_URL="https://app.example") as server:
        browser = Browser(server, session=SECURE_SESSION, csrf=SECURE_CSRF)
        browser.log_in()
        with Tab(server, browser, origin="https://app.example") as tab:
            assert tab.name == "John Doe"
        with pytest.raises(REFUSED, match="403"):
            Tab(server, browser)


def test_a_forged_authorization_header_makes_no_connection_ones_own(
    john: Browser,
) -> None:
    headers = {"Authorization": "Session x", "Cookie": john.cookie_header()}
    answer = httpx.get(f"{john.server.url}/_event/?EIO=4&transport=polling", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (426, "UpgradeRequired")


@pytest.mark.parametrize("path", ["/_event", "/_event/", "/_event/socket.io/"])
@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT"])
def test_request_that_is_no_websocket_is_rejected(
    server: Server, method: str, transport: str, path: str
) -> None:
    """It would come past all that is asked at a handshake, and some of it makes the app fail."""
    address = f"{server.url}{path}?EIO=4&transport={transport}&token=x"
    headers = {"Origin": server.url, "Upgrade": "websocket"}
    answer = httpx.request(method, address, headers=headers)
    assert (answer.status_code, answer.headers["Upgrade"]) == (426, "websocket")


def test_nor_does_what_knows_the_name_of_one(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        opened = next(frame for frame in tab.frames if frame.startswith("0"))
        name = json.loads(opened.removeprefix("0"))["sid"]
        event = f'42/_event,["event",{{"name":"{HOME_STATE}.server_update"}}]'
        address = f"{john.server.url}/_event/?EIO=4&transport=websocket&sid={name}"
        assert httpx.post(address, content=event).status_code == 426
        assert tab.is_open
    assert john.session()["rev"] == 1


def test_name_of_a_tab_alone_shows_none_of_its_state(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.server_update()
        _wait_for_name(tab, "Serverserver-man")
        token = tab.token
        with Tab(john.server, token=token) as beside:
            assert beside.status == "unauthenticated"
            assert "Serverserver-man" not in beside.received()
            assert "john_doe" not in beside.received()
    with Tab(john.server, token=token) as after:
        assert after.status == "unauthenticated"
        assert "Serverserver-man" not in after.received()
        assert after.var(HOME_STATE, "pending") is False
        after.server_update()
        assert "You are not signed in" in _refusal(after)
    assert john.session()["rev"] == 2


def test_tab_name_chosen_before_the_login_shows_no_state_afterwards(
    server: Server,
) -> None:
    browser = Browser(server)
    chosen = "11111111-2222-4333-8444-555555555555"
    with Tab(server, browser, token=chosen):
        browser.log_in()
    with Tab(server, browser, token=chosen) as tab:
        assert tab.name == "John Doe"
    with Tab(server, token=chosen) as attacker:
        assert attacker.status == "unauthenticated"
        assert "John Doe" not in attacker.received()


def test_no_frame_holds_a_cookie_or_the_sessions_id(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.server_update()
        _wait_for_name(tab, "Serverserver-man")
        john.update({"name": "By HTTP"})
        _wait_for_name(tab, "By HTTP")
        said = tab.received()
    for secret in (
        *john.cookies.values(),
        (john.csrf_cookie or "?")[:64],
        "authjs.",
        "Session ",
    ):
        assert secret not in said
    assert not re.search(r"eyJ[\w-]{20}", said)


def test_anonymous_tab_receives_nothing_of_a_session(john: Browser) -> None:
    with Tab(john.server, john), Tab(john.server) as nobody:
        john.update({"name": "Secret Name"})
        assert nobody.view["user"] is None
        assert "Secret Name" not in nobody.received()
        assert "john_doe" not in nobody.received()
        assert nobody.var(SESSION_STATE, "_sid") is None


def _refusal(tab: Tab) -> str:
    wait_until(lambda: tab.var(HOME_STATE, "error"))
    return str(tab.var(HOME_STATE, "error"))


def _wait_for_name(tab: Tab, name: str) -> None:
    wait_until(lambda: tab.name == name)
