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
]
JSON = [
    "/api/auth/session",
    "/api/auth/csrf",
    "/api/auth/sessions",
    "/api/auth/providers",
]


@pytest.mark.parametrize("path", PERSONAL)
def test_no_cache_keeps_what_is_personal(john: Browser, path: str) -> None:
    for answer in (john.get(path), Browser(john.server).get(path)):
        assert "no-store" in answer.headers["Cache-Control"]
        assert "private" in answer.headers["Cache-Control"]
        assert "Cookie" in answer.headers["Vary"]


def test_no_cache_keeps_the_answer_to_a_change(john: Browser) -> None:
    for answer in (
        john.update({"name": "Fresh"}),
        john.update({"name": 1}),
        john.revoke(),
        john.log_out(),
    ):
        assert "no-store" in answer.headers["Cache-Control"]


def test_no_cache_keeps_the_answer_to_a_login(browser: Browser) -> None:
    for answer in (
        browser.log_in("john_doe", "wrong"),
        browser.log_in(headers={}),
        browser.log_in(),
    ):
        assert "no-store" in answer.headers["Cache-Control"]


def test_no_cache_keeps_the_way_to_the_login(browser: Browser) -> None:
    answer = browser.get("/client")
    assert answer.status_code == 303
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_shared_cache_keeps_a_members_script(john: Browser) -> None:
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
def test_json_is_called_json_and_nothing_else(john: Browser, path: str) -> None:
    answer = john.get(path)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/", "/client", "/login"])
def test_pages_are_called_html_and_nothing_else(browser: Browser, path: str) -> None:
    if path != "/login":
        browser.log_in()
    answer = browser.get(path)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_errors_are_json_objects_too(browser: Browser) -> None:
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
def test_head_says_what_get_says_without_a_body(john: Browser, path: str) -> None:
    head = john.request("HEAD", path)
    assert head.content == b""
    assert (head.status_code, head.headers["Cache-Control"]) == (
        john.get(path).status_code,
        john.get(path).headers["Cache-Control"],
    )


@pytest.mark.parametrize("path", ["/login", "/", "/client", "/inspector", "/account"])
def test_the_pages_own_scripts_run_and_no_others(john: Browser, path: str) -> None:
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
def test_every_response_says_how_it_may_be_used(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert len(answer.headers.get_list("Referrer-Policy")) == 1


@pytest.mark.parametrize("path", [*JSON, "/api/auth/nowhere", "/client", "/login", "/ping"])
def test_what_is_no_document_is_shown_in_no_frame(browser: Browser, path: str) -> None:
    answer = browser.get(path)
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
