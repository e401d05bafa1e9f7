"""An app with FastAPI's routes and sockets beside its pages."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
import simple_websocket

from authdemo.testing import wait_until
from tests.guards.test_own_routes import REJECTED, Socket
from tests.support import unbuilt
from tests.support.browser import Browser
from tests.support.server import ROOT, Server
from tests.support.tab import Tab

EVIL = "https://evil.example"
BANK_SECRET = "known to the bank"
AS_PERSON = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("fastapi_routes") / "log"
    environ = {"AUTH_DATA_DIR": str(log.parent / "data"), "BANK_SECRET": BANK_SECRET}
    with unbuilt.serving(ROOT / "examples" / "fastapi_routes", log, **environ) as server:
        yield server


def member(app: Server, account: str = "ada") -> Browser:
    browser = Browser(app)
    assert browser.log_in(account).status_code == 200
    return browser


def token_of(browser: Browser, *scopes: str, name: str = "Nightly backup") -> dict[str, str]:
    answer = browser.post("/api/tokens", json={"name": name, "scopes": scopes})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()}"}


def feed(app: Server, headers: dict[str, str]) -> simple_websocket.Client:
    url = app.url.replace("http", "ws", 1) + "/api/orders/feed"
    return Socket(url, headers=headers)


def cookie_of(browser: Browser) -> dict[str, str]:
    return {"Cookie": browser.cookie_header(), "Origin": browser.server.url}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def heard(socket: simple_websocket.Client, item: str) -> Any:
    socket.send(item)
    return socket.receive(10)


def closed_with(socket: simple_websocket.Client) -> int:
    with pytest.raises(simple_websocket.ConnectionClosed) as closed:
        socket.receive(10)
    return int(closed.value.reason)


def test_route_with_optional_session_answers_everyone(app: Server) -> None:
    assert Browser(app).get("/api/greeting").json() == "Hello"
    assert member(app).get("/api/greeting").json() == "Hello Ada Lovelace"


def test_route_with_required_session_rejects_anonymous(app: Server) -> None:
    answer = Browser(app).get("/api/me")
    assert code_of(answer) == (401, "NotAuthenticated")
    assert member(app).get("/api/me").json()["id"] == "ada"


def test_navigation_to_a_route_leads_to_the_sign_in_page(app: Server) -> None:
    answer = Browser(app).get("/api/orders?page=2", headers=AS_PERSON)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/login?callbackUrl=/api/orders%3Fpage%3D2"


def test_session_of_a_route_ends_with_the_record(app: Server) -> None:
    ada = member(app)
    stolen = ada.copy()
    ada.log_out()
    assert stolen.get("/api/me").status_code == 401
    assert stolen.get("/api/greeting").json() == "Hello"


def test_update_in_a_route_reaches_tabs_and_sets_the_cookie(app: Server) -> None:
    ada = member(app)
    before = ada.token
    with Tab(app, ada) as tab:
        answer = ada.request("PUT", "/api/me?name=Countess")
        assert answer.json()["name"] == "Countess"
        assert "no-store" in answer.headers["Cache-Control"]
        wait_until(lambda: tab.name == "Countess")
    assert ada.token != before
    assert ada.get("/api/auth/token").json()["claims"]["user"]["name"] == "Countess"
    answer = ada.request("PUT", f"/api/me?name={'x' * 65}")
    assert (code_of(answer), answer.json()["field"]) == ((422, "UpdateRejected"), "name")


def test_sign_out_in_a_route_ends_tabs_and_clears_the_cookie(app: Server) -> None:
    ada = member(app)
    stolen = ada.copy()
    with Tab(app, ada) as tab:
        wait_until(lambda: tab.status == "authenticated")
        answer = ada.post("/api/sign-out")
        assert "authjs.session-token=; Max-Age=0" in answer.headers["Set-Cookie"]
        assert answer.json() == {"url": f"{app.url}/goodbye"}
        wait_until(lambda: tab.status == "unauthenticated")
    assert stolen.get("/api/me").status_code == 401


def test_routes_of_plain_starlette_know_the_session_too(app: Server) -> None:
    ada, grace = member(app), member(app, "grace")
    assert ada.get("/reports").json() == {"for": "Ada Lovelace", "role": "admin"}
    assert ada.get("/reports/7").json() == {"number": 7}
    assert grace.get("/reports/7").status_code == 403
    assert Browser(app).get("/reports").status_code == 401


def test_roles_are_checked_before_the_body_is_read(app: Server) -> None:
    assert code_of(member(app, "grace").request("DELETE", "/api/orders")) == (403, "AccessDenied")
    assert member(app).request("DELETE", "/api/orders").status_code == 200
    invalid = {"content": b"{no json", "headers": {"Content-Type": "application/json"}}
    assert Browser(app).request("POST", "/api/orders", **invalid).status_code == 401
    assert member(app).request("POST", "/api/orders", **invalid).status_code == 422


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_state_changing_request_of_another_site_is_rejected(
    app: Server, method: str, headers: dict[str, str]
) -> None:
    for browser in (Browser(app), member(app)):
        answer = browser.request(method, "/api/orders", json={"item": "tea"}, headers=headers)
        assert code_of(answer) == (403, "RequestRejected")


def test_state_changing_request_of_own_pages_and_programs_is_accepted(app: Server) -> None:
    ada = member(app)
    for headers in ({}, {"Origin": app.url}, {"Sec-Fetch-Site": "same-origin"}):
        answer = ada.post("/api/orders", json={"item": "tea"}, headers=headers)
        assert answer.status_code == 201


def test_read_of_another_site_is_left_to_cookies_and_cors(app: Server) -> None:
    assert Browser(app).get("/api/greeting", headers={"Origin": EVIL}).status_code == 200


def test_exempt_webhook_accepts_other_sites_without_a_session(app: Server) -> None:
    signature = hmac.new(BANK_SECRET.encode(), b"paid", hashlib.sha256).hexdigest()
    for headers in ({}, {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}):
        signed = {"X-Signature": signature, **headers}
        assert Browser(app).post("/hooks/bank", content=b"paid", headers=signed).status_code == 200
    assert Browser(app).post("/hooks/bank", content=b"paid").status_code == 400
    assert Browser(app).post("/hooks/bank/", headers={"Origin": EVIL}).status_code == 403


def test_socket_reads_the_session_that_it_has_now(app: Server) -> None:
    ada = member(app)
    socket = feed(app, cookie_of(ada))
    with closing(socket.sock):
        assert heard(socket, "tea") == "Ada Lovelace wants tea"
        ada.update({"name": "Countess"})
        assert heard(socket, "milk") == "Countess wants milk"


def test_socket_closes_when_its_session_ends(app: Server) -> None:
    ada = member(app)
    socket = feed(app, cookie_of(ada))
    with closing(socket.sock):
        assert heard(socket, "tea")
        ada.log_out()
        assert closed_with(socket) == 4401


@pytest.mark.parametrize("origin", [EVIL, "null", None])
def test_socket_handshake_of_another_origin_is_rejected(app: Server, origin: str | None) -> None:
    headers = {**cookie_of(member(app)), "Origin": origin or ""}
    if origin is None:
        del headers["Origin"]
    with pytest.raises(REJECTED, match="403"):
        feed(app, headers)


def test_bearer_token_works_in_routes_sockets_and_for_the_session(app: Server) -> None:
    ada = member(app)
    headers = token_of(ada, "orders:read", "orders:write")
    program = Browser(app)
    own_site = {**headers, "Origin": EVIL}  # no page of another site can send this header
    assert program.post("/api/orders", json={"item": "tea"}, headers=own_site).status_code == 201
    assert program.get("/api/orders", headers=headers).status_code == 200
    assert program.get("/api/auth/session", headers=headers).json()["user"]["id"] == "ada"
    socket = feed(app, headers)
    with closing(socket.sock):
        assert heard(socket, "tea") == "Ada Lovelace wants tea"
    assert program.cookies == {}


def test_bearer_token_is_a_named_device_that_its_user_can_end(app: Server) -> None:
    ada = member(app)
    headers = token_of(ada, "orders:read", name="My own backup")
    (listed,) = [each for each in ada.sessions() if each["name"] == "My own backup"]
    assert listed["current"] is False
    socket = feed(app, headers)
    with closing(socket.sock):
        assert heard(socket, "tea")
        ada.revoke(id=listed["id"])
        assert closed_with(socket) == 4401
    answer = Browser(app).get("/api/greeting", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    with pytest.raises(REJECTED, match="403"):
        feed(app, headers)


def test_bearer_token_does_what_its_scopes_say(app: Server) -> None:
    headers = token_of(member(app), "orders:read")
    program = Browser(app)
    assert program.get("/api/orders", headers=headers).status_code == 200
    answer = program.post("/api/orders", json={"item": "tea"}, headers=headers)
    assert code_of(answer) == (403, "AccessDenied")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="insufficient_scope"'
    assert code_of(program.request("DELETE", "/api/orders", headers=headers))[0] == 403
    new = {"name": "Another", "scopes": []}
    assert program.post("/api/tokens", json=new, headers=headers).status_code == 403  # not fresh


@pytest.mark.parametrize("scopes", [(), ("orders:read",)])
def test_route_that_asks_for_no_scope_takes_every_token(
    app: Server, scopes: tuple[str, ...]
) -> None:
    headers = token_of(member(app), *scopes)
    program = Browser(app)
    answer = program.request("PUT", "/api/me?name=Ada%20Lovelace", headers=headers)
    assert answer.status_code == 200
    status = 200 if scopes else 403
    assert program.get("/api/orders", headers=headers).status_code == status


def test_bearer_token_is_no_cookie_and_a_cookie_no_bearer_token(app: Server) -> None:
    ada, program = member(app), Browser(app)
    headers = token_of(ada, "orders:read")
    program.token = headers["Authorization"].removeprefix("Bearer ")
    assert program.get("/api/me").status_code == 401
    assert program.get("/api/auth/session").json() is None
    for path in ("/api/me", "/api/auth/session"):
        answer = Browser(app).get(path, headers={"Authorization": f"Bearer {ada.token}"})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("path", ["/api/me", "/api/orders", "/api/auth/session"])
@pytest.mark.parametrize("token", ["", " a", " auth_1_2", f" auth_{'a' * 40}_{'b' * 64}", " a b"])
def test_malformed_bearer_token_is_rejected_in_spite_of_a_cookie(
    app: Server, path: str, token: str
) -> None:
    answer = member(app).get(path, headers={"Authorization": f"Bearer{token}"})
    assert code_of(answer) == (401, "NotAuthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_bearer_token_of_another_service_passes_to_open_routes(app: Server) -> None:
    answer = member(app).get("/api/greeting", headers={"Authorization": "Bearer of-my-partner"})
    assert answer.json() == "Hello"


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb"])
def test_token_needs_a_name_that_people_can_read(app: Server, name: str) -> None:
    answer = member(app).post("/api/tokens", json={"name": name})
    assert (code_of(answer), answer.json()["field"]) == ((422, "UpdateRejected"), "name")


def test_openapi_of_fastapi_describes_cookie_and_bearer(app: Server) -> None:
    document = Browser(app).get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["session"] == {"type": "apiKey", "in": "cookie", "name": "authjs.session-token"}
    assert schemes["bearer"] == {"type": "http", "scheme": "bearer"}
    operation = document["paths"]["/api/orders"]["post"]
    assert operation["security"] == [{"session": []}, {"bearer": []}]
    assert "parameters" not in operation
    assert [each["name"] for each in document["paths"]["/api/me"]["put"]["parameters"]] == ["name"]
