"""What anonymous visitors can get of the pages, and what signed-in ones see."""

from __future__ import annotations

import gzip
import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import CSRF
from tests.support.browser import Browser
from tests.support.server import ROOT

BUILT = ROOT / ".web/build/client"
OWN_TEXT = (
    "Home Page",
    "Client Side Rendering Page",
    ">Inspector<",
    "Server Side Update",
    "Your session, from the inside",
)
OWN_SCRIPT_TEXT = (
    "Home Page",
    "Client Side Rendering Page",
    "`Inspector`",
    "Server Side Update",
)
FIELD = re.compile(r'data-field="(\w+)"[^>]*>([^<]*)<')

SPELLINGS = [
    "/", "//", "/index.html", "/index", "/index.html.gz", "/index.html.br",
    "/INDEX.html", "/client", "/client/", "/client.html", "/client/index.html",
    "/client/index", "/client.html/", "/client.html.gz", "/client.html.br",
    "/client/index.html.gz", "/client/index.html.br", "//client/", "//client",
    "///client", "/client//", "/client//index.html", "/./client", "/client/.",
    "/%63lient/", "/%63%6c%69%65%6e%74", "/client%2f", "/%2fclient", "/x/../client",
    "/login/../client", "/x/%2e%2e/client", "/..%2fclient", "/%2e/client", "/CLIENT",
    "/Client/", "/CLIENT.HTML", "/client/INDEX.HTML", "/client\\", "\\client",
    "/x\\..\\client", "/%5cclient", "/client/?x=1", "/client.html?x#y", "/inspector",
    "/inspector/", "/inspector.html", "/inspector.html.gz", "/inspector/index.html",
    "/INSPECTOR/", "/assets/../client/index.html",
    "/assets/..%2fclient%2findex.html", "/api/auth/../../client", "/client.data",
    "/_root.data", "/client/_index.data", "/__manifest?p=/client", "/client;x",
    "/client%00", "/client%20", "/client.", "/.client", "/%252e%252e/client",
    "/external/../client", "/client%23", "/client%3f", "/404.html", "/404.html.gz",
    "/__spa-fallback.html", "/__spa-fallback.html.br", "/nothing",
]  # fmt: skip
CERTAIN = (
    "/",
    "/client",
    "/client/",
    "/client.html",
    "/client/index.html",
    "/inspector",
    "//client/",
    "/CLIENT",
)


def fields(document: str, testid: str) -> dict[str, str]:
    """Read the values in one part of a page, as they are without JavaScript."""
    part = document.partition(f'data-testid="{testid}"')[2].partition("</section>")[0]
    return {name: html.unescape(value) for name, value in FIELD.findall(part)}


def readable(answer: httpx.Response) -> str:
    """Read an answer, unpacked if it is a packed file."""
    octets = answer.content
    return (gzip.decompress(octets) if octets[:2] == b"\x1f\x8b" else octets).decode(
        errors="replace"
    )


def assert_tells_nothing(text: str, where: str) -> None:
    for own in (*OWN_TEXT, "{{session"):
        assert own not in text, f"{where} holds {own!r}"


@pytest.mark.parametrize("path", SPELLINGS)
def test_protected_page_is_hidden_in_every_spelling_of_its_path(
    browser: Browser, path: str
) -> None:
    answer = browser.get(path, headers={"Accept-Encoding": "gzip, br"})
    assert answer.status_code in (303, 307, 400, 404)
    assert_tells_nothing(readable(answer), path)


@pytest.mark.parametrize("path", CERTAIN)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_protected_page_redirects_anonymous_to_sign_in(
    browser: Browser, method: str, path: str
) -> None:
    answer = browser.request(method, path)
    assert answer.status_code == 303
    assert answer.content == b""
    assert answer.headers["Location"].startswith("/login?callbackUrl=/")


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-100"},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"},
        {"Accept-Encoding": "br"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "identity"},
        {"X-Original-URL": "/login"},
        {"X-Rewrite-URL": "/login"},
        {"X-Forwarded-Prefix": "/x"},
        {"X-HTTP-Method-Override": "OPTIONS"},
        {"Purpose": "prefetch"},
    ],
    ids=str,
)
def test_protected_page_is_opened_by_no_header(browser: Browser, headers: dict[str, str]) -> None:
    answer = browser.get("/client", headers=headers)
    assert (answer.status_code, answer.content) == (303, b"")


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "OPTIONS", "DELETE", "PATCH", "PROPFIND", "QUERY"]
)
@pytest.mark.parametrize("path", ["/client", "/client/index.html", "/client.html"])
def test_protected_page_is_opened_by_no_method(browser: Browser, method: str, path: str) -> None:
    answer = browser.request(method, path)
    assert answer.status_code >= 300
    assert_tells_nothing(answer.text, f"{method} {path}")


def test_redirect_to_sign_in_keeps_path_and_query(browser: Browser) -> None:
    location = browser.get("/client?tab=2&x=a%26b").headers["Location"]
    assert parse_qs(urlsplit(location).query) == {"callbackUrl": ["/client?tab=2&x=a%26b"]}
    assert browser.get("/").headers["Location"] == "/login?callbackUrl=/"


def test_public_scripts_hold_no_protected_page(browser: Browser) -> None:
    names = sorted(file.name for file in (BUILT / "assets").iterdir())
    assert names
    answers = {name: browser.get(f"/assets/{name}") for name in names}
    closed = {name for name, answer in answers.items() if answer.status_code == 401}
    for page in ("_client_", "_inspector_", "_index-"):
        assert any(name.startswith(page) for name in closed), page
    for name, answer in answers.items():
        assert not any(own in readable(answer) for own in OWN_SCRIPT_TEXT), name


@pytest.mark.parametrize(
    "spelling",
    [
        "/assets//{}",
        "/assets/./{}",
        "//assets/{}",
        "/x/../assets/{}",
        "/assets%2f{}",
        "/assets/{}?v=1",
        "/assets/{}.gz",
        "/assets/{}.br",
        "/ASSETS/{}",
        "/external/../assets/{}",
    ],
)
def test_protected_script_is_hidden_in_every_spelling_of_its_path(
    browser: Browser, spelling: str
) -> None:
    name = next(file.name for file in (BUILT / "assets").glob("_client_*.js"))
    answer = browser.get(spelling.format(name))
    assert answer.status_code in (401, 404)
    assert "Client Side" not in answer.text


def test_every_script_is_served_to_members(john: Browser, jane: Browser) -> None:
    for file in sorted((BUILT / "assets").glob("*.js")):
        member = jane if file.name.startswith("_admin_") else john
        answer = member.get(f"/assets/{file.name}")
        assert answer.status_code == 200, file.name
        assert "javascript" in answer.headers["Content-Type"]


def test_script_of_an_admin_page_is_served_to_admins_only(john: Browser) -> None:
    name = next(file.name for file in (BUILT / "assets").glob("_admin_*.js"))
    assert john.get(f"/assets/{name}").status_code == 403


def test_scripts_of_the_sign_in_page_are_public(browser: Browser) -> None:
    waiting, seen = (
        set(re.findall(r"/assets/([\w.~-]+\.js)", browser.get("/login").text)),
        set(),
    )
    assert waiting
    while waiting:
        name = waiting.pop()
        seen.add(name)
        answer = browser.get(f"/assets/{name}")
        assert answer.status_code == 200, name
        waiting |= set(re.findall(r'(?:from|import)\s*"\./([\w.~-]+\.js)"', answer.text)) - seen


def test_home_page_holds_the_session_of_its_request(
    john: Browser,
) -> None:
    john.update({"name": "Fresh Name"})
    session = john.session()
    shown = fields(john.get("/").text, "server-session")
    assert shown == {
        "id": "john_doe",
        "name": "Fresh Name",
        "email": "email@email.email",
        "role": "user",
        "rev": "2",
        "expires": session["expires"],
    }


@pytest.mark.parametrize("path", ["/", "/client", "/inspector", "/login", "/nothing", "/404.html"])
def test_served_page_has_no_placeholder(john: Browser, browser: Browser, path: str) -> None:
    for visitor in (john, Browser(browser.server)):
        assert "{{session" not in visitor.get(path).text


def test_home_page_is_logged_with_its_user_and_revision(john: Browser) -> None:
    john.update({"name": "Logged Name"})
    john.get("/")
    wait_until(lambda: "Logged Name" in john.server.logged())
    line = next(line for line in john.server.logged().splitlines() if "Logged Name" in line)
    assert "Server Side Rendering" in line
    assert "rev 2" in line


@pytest.mark.parametrize(
    "name",
    [
        "</script><b>bold</b>",
        "<!--<script>",
        "]]>",
        '"><img src=x onerror=alert(1)>',
        "{{session.user.email}}",
        "&lt;already&gt;",
        "' onclick='x",
        "\\u003c/script>",
        "${name}",
        "\\1 \\g<0>",
    ],
)
def test_name_is_escaped_everywhere(john: Browser, name: str) -> None:
    assert john.update({"name": name}).status_code == 200
    document = john.get("/").text
    assert fields(document, "server-session")["name"] == name
    seed = re.search(r'<script type="application/json" id="session-data">(.*?)</script>', document)
    assert seed is not None
    assert json.loads(seed[1])["user"]["name"] == name
    for markup in ("<b>bold", "<img src=x", "<!--<script>"):
        assert markup not in document


def test_client_page_hands_the_session_to_its_script(john: Browser) -> None:
    document = john.get("/client").text
    seed = re.search(r'id="session-data">(.*?)</script>', document)
    assert seed is not None
    assert json.loads(seed[1]) == john.session()


def test_sign_in_page_is_public(browser: Browser) -> None:
    answer = browser.get("/login")
    assert answer.status_code == 200
    assert 'name="id"' in answer.text
    assert 'name="password"' in answer.text
    assert browser.get("/login/").status_code == 200


def test_sign_in_page_sets_the_csrf_cookie(
    browser: Browser,
) -> None:
    browser.get("/login")
    assert CSRF in browser.cookies


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("", ""),
        ("?callbackUrl=/client", "/client"),
        ("?callbackUrl=%2Fclient%3Ftab%3D2", "/client?tab=2"),
        ("?callbackUrl=https://evil.example", ""),
        ("?callbackUrl=//evil.example", ""),
        ("?callbackUrl=%2F%5Cevil.example", ""),
        ("?callbackUrl=/login", ""),
        ("?callbackUrl=/login/?x=1", ""),
        ("?callbackUrl=", ""),
    ],
)
def test_member_is_redirected_from_the_sign_in_page(john: Browser, query: str, path: str) -> None:
    answer = john.get(f"/login{query}")
    assert answer.status_code == 303
    assert answer.headers["Location"].removesuffix("/") == john.server.url + path


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("error=AccessDenied", 200),
        ("callbackUrl=/client&error=OAuthCallbackError&code=nonce", 200),
        ("error=", 303),
        ("error=OAuthCallbackError&code=member", 303),
        ("error=SessionRequired&code=ended", 303),
        ("errors=AccessDenied", 303),
        ("callbackUrl=/client?error=AccessDenied", 303),
    ],
)
def test_member_sees_an_error_on_the_sign_in_page(john: Browser, query: str, status: int) -> None:
    assert john.get(f"/login?{query}").status_code == status


@pytest.mark.parametrize("path", ["/login", "/register"])
def test_id_field_turns_autocorrection_off(browser: Browser, path: str) -> None:
    field = re.search('<input[^>]* name="id"[^>]*>', browser.get(path).text)
    assert field is not None
    said = field[0].lower()
    assert all(each in said for each in ('"none"', '"off"', 'spellcheck="false"'))
    assert 'autocapitalize="none"' in said
    assert 'autocorrect="off"' in said


def test_other_spelling_of_a_path_redirects_to_the_canonical_one(john: Browser) -> None:
    for spelling in ("/client.html", "/client/index.html", "//client/", "/x/../client"):
        answer = john.get(spelling)
        assert (answer.status_code, answer.headers["Location"]) == (303, "/client")


def test_spelling_of_a_path_redirects_to_no_other_origin(john: Browser) -> None:
    for spelling in (
        "//evil.example/%2e%2e/client",
        "//evil.example/..%2f..%2fclient",
        "/\\evil.example/../client",
    ):
        location = john.get(spelling).headers.get("Location", "/")
        assert not location.startswith(("//", "/\\"))
        assert not urlsplit(location).netloc
