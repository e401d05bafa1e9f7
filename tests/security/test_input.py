"""Chapter 7 of the checklist: input, update, errors, anti-automation (ASVS 2, 6, 15, 16)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import Browser, newest, public

GRABS: dict[str, Any] = {
    "a role": {"role": "admin"},
    "a subject": {"sub": "jane_admin"},
    "an expiry": {"exp": 9_999_999_999},
    "a revision": {"rev": 99},
    "a prototype": {"__proto__": {"role": "admin"}},
    "a constructor": {"constructor": {"prototype": {"role": "admin"}}},
    "a user in a user": {"user": {"id": "jane_admin"}},
    "a role beside a good name": {"name": "Good", "role": "admin"},
    "a number for a name": {"name": 1},
    "a yes for a name": {"name": True},
    "nothing for a name": {"name": None},
    "an invisible name": {"name": "\u200b\u200b"},
    "a name that runs backwards": {"name": "\u202egnorw"},
    "an address that runs": {"image": "javascript:alert(1)"},
}


@pytest.mark.parametrize("data", GRABS.values(), ids=GRABS)
def test_what_no_client_may_have_is_refused_and_noted_and_changes_nothing(
    john: Browser, data: Any
) -> None:
    """ASVS 15.3.3, 2.2.1, 2.3.3."""
    before = john.session()
    answer = john.update(data)
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert john.session() == before
    refused = newest(john, kind="refused", session=public(john))
    assert (refused["reason"], refused["user"]) == ("UpdateRejected", "john_doe")


@pytest.mark.parametrize("path", ["/api/auth/session", "/api/auth/nowhere", "/api/auth/callback/x"])
def test_no_error_tells_how_the_server_is_made(browser: Browser, path: str) -> None:
    """ASVS 16.5.1."""
    for content in (b"{", b"\xff\xfe", b'{"csrfToken": NaN}', b"[" * 10_000):
        text = browser.post(
            path, content=content, headers={"Content-Type": "application/json"}
        ).text.lower()
        for word in ("traceback", 'file "', "site-packages", "sqlite", "select ", "secret"):
            assert word not in text
