"""Sessions in Starlette's own routes and sockets."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import pytest
import simple_websocket
from playwright.sync_api import expect
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from authdemo.sessions import ConfigurationError, protected
from authdemo.sessions.reflex.protected import Guards
from authdemo.sessions.reflex.routes import guard
from tests.e2e.visitor import Visitor, click, is_connected
from tests.guards.conftest import member
from tests.guards.test_in_chromium import chromium, visitor
from tests.guards.test_own_routes import AS_PERSON, REJECTED, Socket
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import Tab

__all__ = ["chromium", "visitor"]


def open_feed(browser: Browser) -> simple_websocket.Client:
    url = browser.server.url
    headers = {"Cookie": browser.cookie_header(), "Origin": url}
    return Socket(url.replace("http", "ws", 1) + "/council-feed", headers=headers)


def test_user_of_starlette_is_the_sessions_user(nobody: Browser, ada: Browser) -> None:
    assert ada.get("/api/whoami").json() == ["Ada Lovelace", "user"]
    assert nobody.get("/api/whoami").status_code == 401
    assert nobody.get("/api/required").status_code == 403  # as Starlette answers
    assert ada.get("/api/required").status_code == 200
    assert ada.session()["user"]["name"] == "Starlette's reader"


def test_protected_class_checks_each_of_its_methods(
    nobody: Browser, ada: Browser, grace: Browser
) -> None:
    for method in ("GET", "POST"):
        assert nobody.request(method, "/api/minutes").status_code == 401
        assert ada.request(method, "/api/minutes").status_code == 403
    assert grace.get("/api/minutes").json() == {"read_by": "grace"}
    assert grace.post("/api/minutes", json={"text": "a"}).json() == {"written": "a"}


def test_current_session_of_a_request_is_its_own(nobody: Browser, ada: Browser) -> None:
    assert nobody.get("/api/status").json() == {"reader": None}
    assert ada.get("/api/status").json() == {"reader": "ada"}


def test_response_for_a_session_is_private(nobody: Browser, ada: Browser) -> None:
    assert ada.get("/api/salaries").headers["Cache-Control"] == "private"
    assert "Cache-Control" not in nobody.get("/api/salaries").headers


def test_stale_sign_in_is_sent_to_confirm(
    app: Server, ada: Browser, later: Callable[[float], None]
) -> None:
    assert ada.get("/api/safe").status_code == 200
    later(61)
    answer = ada.get("/api/safe")
    assert (answer.status_code, answer.json()["reason"]) == (403, "confirmation")
    answer = ada.get("/api/safe", headers=AS_PERSON)
    assert answer.headers["Location"] == "/confirm?callbackUrl=/api/safe"


def test_request_in_an_own_route_renews_the_session(
    ada: Browser, later: Callable[[float], None]
) -> None:
    before = ada.token
    later(2 * 86_400)
    answer = ada.get("/api/salaries")
    assert ada.token != before
    assert "no-store" in answer.headers["Cache-Control"]


def test_socket_closes_when_a_role_is_lost(ada: Browser, grace: Browser) -> None:
    with pytest.raises(REJECTED, match="403"):
        open_feed(ada)
    socket = open_feed(grace)
    with closing(socket.sock), Tab(grace.server, grace) as tab:
        socket.send("aye")
        assert socket.receive(10) == "aye"
        tab.call("reflex___state____state.my_app___my_app____clerk.resign")
        with pytest.raises(simple_websocket.ConnectionClosed) as closed:
            socket.receive(10)
        assert closed.value.reason == 4401


def test_public_route_is_open_under_protect_all(closed_app: Server) -> None:
    assert Browser(closed_app).get("/api/status").json() == {"reader": None}
    assert member(closed_app, "ada").get("/api/status").json() == {"reader": "ada"}
    assert Browser(closed_app).post("/api/status").status_code == 401


OPEN_FEED = """() => new Promise((resolve) => {
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/council-feed");
  socket.onclose = ({code}) => { document.body.dataset.code = code; };
  socket.onmessage = ({data}) => resolve(data);
  socket.onopen = () => socket.send("aye");
})"""


def test_page_shares_its_session_with_own_routes_and_sockets(visitor: Visitor) -> None:
    tab = visitor.open("/login?callbackUrl=/about")
    is_connected(tab)
    visitor.log_in(tab, "grace", button="Log in")
    tab.wait_for_url("**/about")
    expect(tab.locator("#reader")).to_have_text("Grace Hopper")
    assert tab.evaluate("fetch('/api/required').then(({status}) => status)") == 200
    expect(tab.locator("#reader")).to_have_text("Starlette's reader")
    assert tab.evaluate(OPEN_FEED) == "aye"
    visitor.open("/")
    other = visitor.context.pages[-1]
    is_connected(other)
    click(other, "Log out")
    expect(tab.locator("body")).to_have_attribute("data-code", "4401")


async def endpoint(_: Request) -> Response:
    return Response()


def test_route_that_is_registered_before_it_is_protected_stops_the_start() -> None:
    routes = [Mount("/v1", routes=[Route("/late", endpoint)])]
    protected(endpoint)
    with pytest.raises(ConfigurationError, match="Put @protected under the decorator of the route"):
        guard(routes, Guards(None))


def test_method_that_is_protected_alone_stops_the_start() -> None:
    class Minutes(HTTPEndpoint):
        @protected
        async def get(self, request: Request) -> Response:
            return await endpoint(request)

    with pytest.raises(ConfigurationError, match="Mark the whole class"):
        guard([Route("/minutes", Minutes)], Guards(None))
