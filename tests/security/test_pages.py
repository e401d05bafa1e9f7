"""Chapter 6 of the checklist: pages and fields (ASVS 8, 3.5.7)."""

from __future__ import annotations

import pytest

from tests.support.browser import Browser

MEMBERS_ONLY = ("Home Page", "Client Side Rendering Page", "Current password", "End Sessions")


@pytest.mark.parametrize(
    "path",
    ["/admin", "/admin/", "/admin.html", "/admin/index.html", "//admin/", "/%61dmin/", "/ADMIN"],
)
def test_a_page_for_administrators_is_for_no_other_member(john: Browser, path: str) -> None:
    """ASVS 8.2.1."""
    answer = john.get(path)
    assert answer.status_code in (303, 403, 404)
    assert "End Sessions" not in answer.text


@pytest.mark.parametrize("path", ["/account", "/account/", "/account.html", "/account/index.html"])
def test_nobody_sees_a_members_page(browser: Browser, path: str) -> None:
    """ASVS 8.3.1."""
    for headers in ({}, {"Accept-Encoding": "gzip"}, {"Range": "bytes=0-9999"}):
        answer = browser.get(path, headers=headers)
        assert answer.status_code in (303, 404)
        assert not any(text in answer.text for text in MEMBERS_ONLY)


@pytest.mark.parametrize("path", ["/_health", "/ping", "/login"])
def test_what_is_public_lists_no_page_of_members(browser: Browser, path: str) -> None:
    """ASVS 13.4.5."""
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "inspector" not in answer.text.lower()
    assert not any(word in answer.text for word in MEMBERS_ONLY)


@pytest.mark.parametrize(
    "path",
    ["/_all_routes", "/auth-codespace", "/_upload", "/debug", "/metrics", "/docs", "/openapi.json"],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_nothing_answers_who_looks_for_a_way_to_debug(
    jane: Browser, path: str, accept: str
) -> None:
    """ASVS 13.4.2, 13.4.5: the framework has routes like some of them, if configured so."""
    assert jane.get(path, headers={"Accept": accept}).status_code == 404
