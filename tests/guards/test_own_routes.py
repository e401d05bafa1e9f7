"""What an app serves beside its pages, with and without `Auth(protect_all=True)`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import simple_websocket

from tests.guards.conftest import APP, member
from tests.guards.test_uploads import PAPER
from tests.support import unbuilt
from tests.support.browser import Browser
from tests.support.server import Server

AS_PERSON = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
OWN = ["/api/salaries", "/docs", "/media/song"]
REJECTED = simple_websocket.ConnectionError


class Socket(simple_websocket.Client):
    """A socket that leaves nothing open when it is rejected."""

    def handshake(self) -> None:
        with ExitStack() as unless_it_opens:
            unless_it_opens.callback(self.sock.close)
            super().handshake()
            unless_it_opens.pop_all()


def talk(browser: Browser, *, origin: str | None = "own", path: str = "/feed") -> str:
    """Talk with the app's own socket as a page does."""
    url = browser.server.url
    headers = {"Cookie": browser.cookie_header()} if browser.cookies else {}
    if origin:
        headers["Origin"] = url if origin == "own" else origin
    socket = Socket(url.replace("http", "ws", 1) + path, headers=headers)
    with closing(socket.sock):
        socket.send("a song")
        return str(socket.receive(10))


@pytest.fixture(scope="module")
def unbuilt_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same app with all protected, as the test kit serves it."""
    log = tmp_path_factory.mktemp("unbuilt") / "log"
    data = {"AUTH_DATA_DIR": str(log.parent / "data"), "PROTECT_ALL": "1"}
    with unbuilt.serving(APP, log, **data) as server:
        yield server


@pytest.mark.parametrize("path", [*OWN, "/ping", "/", "/nowhere"])
def test_other_ports_and_subdomains_may_not_read_answers(ada: Browser, path: str) -> None:
    host = ada.server.url.partition("://")[2]
    name, _, port = host.partition(":")
    for origin in (f"http://{name}:1", f"http://sub.{host}", f"https://{name}:{port}", "null"):
        answer = ada.get(path, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answer = ada.request("OPTIONS", path, headers=preflight)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", OWN)
def test_own_origin_may_read_answers(ada: Browser, path: str) -> None:
    own = ada.server.url
    preflight = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-a"}
    for method, headers in (("GET", {}), ("OPTIONS", preflight)):
        answer = ada.request(method, path, headers={"Origin": own, **headers})
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == own
        assert answer.headers["access-control-allow-credentials"] == "true"
        assert "Origin" in answer.headers["Vary"]


def test_origins_that_the_author_names_may_read_answers(tmp_path: Path) -> None:
    named = {"REFLEX_CORS_ALLOWED_ORIGINS": "https://partner.example"}
    data = {"AUTH_DATA_DIR": str(tmp_path / "data")}
    with unbuilt.serving(APP, tmp_path / "log", **data, **named) as server:
        for method in ("GET", "OPTIONS"):
            for origin, allowed in (
                ("https://partner.example", "https://partner.example"),
                ("https://evil.example", None),
            ):
                headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
                answer = Browser(server).request(method, "/api/salaries", headers=headers)
                assert answer.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize("path", OWN)
def test_own_routes_are_open_without_protect_all(nobody: Browser, path: str) -> None:
    assert nobody.get(path).status_code == 200


def test_own_socket_works_without_protect_all(nobody: Browser, ada: Browser) -> None:
    for browser in (nobody, ada):
        assert talk(browser) == "heard a song"
        assert talk(browser, origin=None) == "heard a song"


@pytest.mark.parametrize("path", [*OWN, "/x/../docs", "/%64ocs"])
def test_protect_all_closes_own_routes_to_anonymous_visitors(closed_app: Server, path: str) -> None:
    nobody = Browser(closed_app)
    answer = nobody.get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "NotAuthenticated")
    answer = nobody.get(path, headers={**AS_PERSON})
    assert (answer.status_code, answer.content) == (303, b"")
    assert answer.headers["Location"].startswith("/login?callbackUrl=/")
    for method in ("POST", "PUT", "OPTIONS", "HEAD"):
        assert nobody.request(method, path).status_code == 401, method
    assert member(closed_app, "ada").get(path).status_code == 200


def test_protect_all_remembers_the_query_of_a_navigation(closed_app: Server) -> None:
    answer = Browser(closed_app).get("/docs?of=salaries&x=%26", headers=AS_PERSON)
    assert answer.headers["Location"] == "/login?callbackUrl=/docs%3Fof%3Dsalaries%26x%3D%2526"


def test_protect_all_closes_own_socket_to_anonymous_visitors(closed_app: Server) -> None:
    nobody, ada = Browser(closed_app), member(closed_app, "ada")
    for path in ("/feed", "/nowhere", "/"):
        with pytest.raises(REJECTED, match="403"):
            talk(nobody, path=path)
    for origin in ("https://evil.example", "null", None):
        with pytest.raises(REJECTED, match="403"):
            talk(ada, origin=origin)
    assert talk(ada) == "heard a song"


def test_protect_all_ends_with_the_session(closed_app: Server) -> None:
    ada = member(closed_app, "ada")
    stolen = ada.copy()
    ada.log_out()
    assert stolen.get("/api/salaries").status_code == 401
    with pytest.raises(REJECTED, match="403"):
        talk(stolen)


def test_protect_all_closes_uploaded_files_and_not_uploads(closed_app: Server) -> None:
    nobody, ada = Browser(closed_app), member(closed_app, "ada")
    assert nobody.get("/_upload/will.txt").status_code == 401
    assert ada.get("/_upload/will.txt").status_code == 404
    assert nobody.post("/_upload", files=PAPER).status_code == 400


def test_protect_all_leaves_open_what_pages_need(closed_app: Server) -> None:
    nobody = Browser(closed_app)
    page = nobody.get("/about", headers=AS_PERSON).text
    sheet = page.partition('rel="stylesheet" href="')[2].partition('"')[0]
    for path in ("/ping", "/_health", sheet or "/ping"):
        assert nobody.get(path).status_code == 200, path
    assert nobody.get("/_event/").status_code == 426
    preflight = {"Origin": closed_app.url, "Access-Control-Request-Method": "POST"}
    assert nobody.request("OPTIONS", "/api/salaries", headers=preflight).status_code == 200


def test_socket_at_an_address_without_one_is_rejected(nobody: Browser, ada: Browser) -> None:
    for browser in (nobody, ada):
        for path in ("/", "/about", "/nowhere", "/favicon.ico"):
            with pytest.raises(REJECTED, match="403"):
                talk(browser, path=path)


def test_protect_all_closes_own_routes_in_the_test_kit(unbuilt_app: Server) -> None:
    nobody, ada = Browser(unbuilt_app), member(unbuilt_app, "ada")
    for path in OWN:
        assert nobody.get(path).status_code == 401
        assert ada.get(path).status_code == 200
    with pytest.raises(REJECTED, match="403"):
        talk(nobody)
    assert talk(ada) == "heard a song"
