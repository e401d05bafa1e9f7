"""Chapter 4 of the checklist: CSRF, origin, CORS (ASVS 3.4 and 3.5)."""

from __future__ import annotations

import pytest

from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import Browser

ADDRESSES = ("session", "signout", "callback/credentials", "ticket", "sessions/revoke")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "OPTIONS"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_other_methods_change_nothing(john: Browser, address: str, method: str) -> None:
    """ASVS 4.1.4."""
    body = {"csrfToken": john.csrf(), "all": True, "data": {"name": "Forged"}}
    answer = john.request(method, f"/api/auth/{address}", json=body)
    assert answer.status_code in (400, 405)
    assert john.session()["rev"] == 1


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;application/json", "multipart/mixed"])
def test_what_another_site_can_send_without_asking_is_not_read(john: Browser, kind: str) -> None:
    """ASVS 3.5.2: no request that a browser sends without a preflight passes for JSON."""
    body = f'{{"csrfToken": "{john.csrf()}", "data": {{"name": "Forged"}}}}'
    headers = {"Content-Type": kind}
    answer = john.post("/api/auth/session", content=body.encode(), headers=headers)
    assert answer.status_code == 415
    assert john.session()["rev"] == 1


@pytest.mark.parametrize("page", ["/login", "/", "/client", "/account", "/api/auth/session"])
def test_no_page_of_another_site_reads_an_answer(john: Browser, page: str) -> None:
    """ASVS 3.4.2."""
    headers = {"Origin": "https://evil.example", **AS_CLIENT}
    answer = john.get(page, headers=headers)
    assert "evil.example" not in str(answer.headers)
    assert answer.headers.get("Access-Control-Allow-Origin") != "*"


FORBIDDING = (
    "Content-Security-Policy",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "Referrer-Policy",
    "Cross-Origin-Opener-Policy",
)
SHELLS = [f"/{name}.html{packed}" for name in ("__spa-fallback", "404") for packed in ("", ".gz")]


@pytest.mark.parametrize("header", FORBIDDING)
def test_every_page_tells_the_browser_what_to_forbid(john: Browser, header: str) -> None:
    """ASVS 3.4.3 to 3.4.6 and 3.4.8."""
    pages = [Browser(john.server).get("/login"), *map(john.get, ("/", "/client", "/account"))]
    assert [page.status_code for page in pages] == [200] * 4
    assert all(page.headers.get(header) for page in pages)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("Content-Security-Policy", "object-src 'none'"),  # ASVS 3.4.3
        ("Content-Security-Policy", "base-uri 'none'"),  # ASVS 3.4.3
        ("X-Content-Type-Options", "nosniff"),  # ASVS 3.4.4
        ("Referrer-Policy", "same-origin"),  # ASVS 3.4.5
        ("Content-Security-Policy", "frame-ancestors 'none'"),  # ASVS 3.4.6
        ("Cross-Origin-Opener-Policy", "same-origin"),  # ASVS 3.4.8
    ],
)
def test_header_of_every_page_forbids_what_its_number_asks(
    john: Browser, header: str, said: str
) -> None:
    for page in (Browser(john.server).get("/login"), *map(john.get, ("/", "/client"))):
        assert said in map(str.strip, page.headers[header].split(";"))


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("path", [*SHELLS, "/nowhere", "/nowhere.js", "/assets/none-12345678.css"])
def test_there_is_no_page_beside_the_pages(browser: Browser, path: str, accept: str) -> None:
    """ASVS 3.4.3 to 3.4.6 and 3.4.8."""
    answer = browser.get(path, headers={"Accept": accept})
    assert answer.status_code == 404
    assert "<script" not in answer.text
    is_page = answer.headers["Content-Type"].startswith("text/html")
    assert not is_page or all(answer.headers.get(header) for header in FORBIDDING)
