"""What comes along with every answer."""

from __future__ import annotations

import re

import pytest

from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import Browser

PERSONAL = [
    "/api/auth/session",
    "/api/auth/csrf",
    "/api/auth/sessions",
    "/",
    "/client",
    "/inspector",
    "/forgot",
    "/reset",
    "/sign-in-link",
    "/verify",
]
JSON = [
    "/api/auth/session",
    "/api/auth/csrf",
    "/api/auth/sessions",
    "/api/auth/providers",
]


@pytest.mark.parametrize("path", PERSONAL)
def test_personal_responses_are_not_stored(john: Browser, path: str) -> None:
    for answer in (john.get(path), Browser(john.server).get(path)):
        assert "no-store" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]
        assert "Cookie" in answer.headers["Vary"]


def test_response_to_an_update_is_not_stored(john: Browser) -> None:
    for answer in (
        john.update({"name": "Fresh"}),
        john.update({"name": 1}),
        john.revoke(),
        john.log_out(),
    ):
        assert "no-store" in answer.headers["Cache-Control"]


def test_response_to_a_sign_in_is_not_stored(browser: Browser) -> None:
    for answer in (
        browser.log_in("john_doe", "wrong"),
        browser.log_in(headers={}),
        browser.log_in(),
    ):
        assert "no-store" in answer.headers["Cache-Control"]


def test_redirect_to_the_sign_in_page_is_not_stored(browser: Browser) -> None:
    answer = browser.get("/client")
    assert answer.status_code == 303
    assert "no-store" in answer.headers["Cache-Control"]


def test_protected_script_is_not_stored_by_shared_caches(john: Browser) -> None:
    for path in members_scripts(john):
        first = john.get(path)
        again = john.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)
        for answer in (first, again):
            assert answer.headers["Cache-Control"] == "private, no-cache"
            assert "Cookie" in answer.headers["Vary"]


def members_scripts(john: Browser) -> list[str]:
    """List the scripts of John's pages that nobody gets who isn't signed in."""
    documents = john.get("/").text + john.get("/client").text
    scripts = sorted(set(re.findall(r"/assets/[\w.~()-]+\.js", documents)))
    withheld = [path for path in scripts if Browser(john.server).get(path).status_code == 401]
    assert withheld
    return withheld


@pytest.mark.parametrize("path", JSON)
def test_json_has_its_content_type(john: Browser, path: str) -> None:
    answer = john.get(path)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/client", "/login"])
def test_pages_have_the_content_type_of_html(browser: Browser, path: str) -> None:
    if path != "/login":
        browser.log_in()
    answer = browser.get(path)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_errors_are_json_objects(browser: Browser) -> None:
    answers = [
        browser.update({"name": "x"}),
        browser.post("/api/auth/session", content=b"{"),
        browser.post("/api/auth/callback/credentials", data={}, headers=AS_CLIENT),
        browser.get("/api/auth/sessions"),
    ]
    for answer in answers:
        assert answer.status_code >= 400
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.json()["message"]
        assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/api/auth/session", "/", "/login", "/client"])
def test_head_has_the_headers_of_get_and_no_body(john: Browser, path: str) -> None:
    head = john.request("HEAD", path)
    assert head.content == b""
    assert (head.status_code, head.headers["Cache-Control"]) == (
        john.get(path).status_code,
        john.get(path).headers["Cache-Control"],
    )


@pytest.mark.parametrize("path", ["/login", "/", "/client", "/inspector", "/account"])
def test_csp_allows_only_the_pages_own_scripts(john: Browser, path: str) -> None:
    if path == "/login":
        john = Browser(john.server)
    policy = john.get(path).headers["Content-Security-Policy"]
    rules = {name: sources for name, *sources in map(str.split, policy.split(";"))}
    allowed = [source for source in rules["script-src"] if not source.startswith("'sha256-")]
    assert allowed == ["'self'"]
    assert rules["frame-ancestors"] == rules["object-src"] == rules["base-uri"] == ["'none'"]
    assert rules["default-src"] == rules["form-action"] == ["'self'"]


@pytest.mark.parametrize(
    "path",
    [
        *JSON,
        "/api/auth/nowhere",
        "/api/auth/openapi.json",
        "/client",
        "/ping",
        "/nowhere",
        "/login",
    ],
)
def test_every_response_has_the_security_headers(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.headers.get_list("Referrer-Policy")) == 1


@pytest.mark.parametrize("path", [*JSON, "/api/auth/nowhere", "/client", "/login", "/ping"])
def test_response_cannot_be_framed(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
