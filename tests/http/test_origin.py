"""Only the app's own pages may change anything, or read answers."""

from __future__ import annotations

from typing import Any

import pytest

from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import PASSWORD, Browser

EVIL = "https://evil.example"
FOREIGN = [
    {"Origin": EVIL},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "{own}.evil.example"},
    {"Origin": "{own}/"},
    {"Origin": "https://{host}"},
    {"Origin": "http://127.0.0.1"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "unheard-of"},
    {"Sec-Fetch-Site": "same-origin", "Origin": EVIL},
    {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
]
PATHS: dict[str, dict[str, Any]] = {
    "session": {"data": {"name": "Forged"}},
    "signout": {},
    "callback/credentials": {"id": "jane_admin", "password": PASSWORD},
    "sessions/revoke": {"all": True},
    "ticket": {"ticket": "x"},
}


def at(browser: Browser, headers: dict[str, str]) -> dict[str, str]:
    server = browser.server
    return {
        k: v.replace("{own}", server.url).replace("{host}", server.host) for k, v in headers.items()
    }


@pytest.mark.parametrize("path", PATHS)
def test_request_of_another_site_changes_nothing_with_the_right_token(
    john: Browser, path: str
) -> None:
    body = {"csrfToken": john.csrf(), **PATHS[path]}
    for headers in FOREIGN:
        answer = john.post(f"/api/auth/{path}", json=body, headers=at(john, headers) | AS_CLIENT)
        assert answer.status_code == 403, headers
        assert answer.json()["message"]
    assert (john.session()["user"]["id"], john.session()["rev"]) == ("john_doe", 1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "{own}"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": "{own}", "Sec-Fetch-Site": "same-origin"},
    ],
    ids=str,
)
def test_request_of_own_pages_and_programs_is_accepted(
    john: Browser, headers: dict[str, str]
) -> None:
    answer = john.update({"name": "Welcome"}, headers=at(john, headers))
    assert answer.status_code == 200


def test_host_without_port_is_this_server(john: Browser) -> None:
    host, _, port = john.server.host.partition(":")
    for origin, status in ((f"http://{host}:{port}", 200), (f"http://{host}:1", 403)):
        headers = {"Host": host, "Origin": origin}
        assert john.update({"name": "Welcome"}, headers=headers).status_code == status


@pytest.mark.parametrize(
    "path",
    [
        "/api/auth/session",
        "/api/auth/csrf",
        "/api/auth/sessions",
        "/",
        "/client",
        "/ping",
    ],
)
def test_response_is_unreadable_for_other_origins(john: Browser, path: str) -> None:
    answer = john.get(path, headers={"Origin": EVIL})
    assert "access-control-allow-origin" not in answer.headers


def test_preflight_of_another_origin_is_refused(john: Browser) -> None:
    headers = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    answer = john.request("OPTIONS", "/api/auth/session", headers=headers)
    assert "access-control-allow-origin" not in answer.headers


def test_forged_host_makes_no_other_origin_own(
    john: Browser,
) -> None:
    answer = john.post(
        "/api/auth/session",
        json={"csrfToken": john.csrf(), "data": {"name": "Forged"}},
        headers={
            "Origin": EVIL,
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Proto": "https",
        },
    )
    assert answer.status_code == 403
