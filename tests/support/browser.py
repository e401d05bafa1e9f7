"""A browser that knows the demo's accounts."""

from __future__ import annotations

from typing import Any

import httpx

from authdemo import testing
from tests.support.server import Server

ALONE = {"Connection": "close"}
"""For bodies that the server stops reading: it closes the connection then."""
PASSWORD = "tutorial"


class Browser(testing.Browser):
    """Signs in as John, if nobody else is named."""

    server: Server

    def log_in(
        self, account: str = "john_doe", password: str = PASSWORD, **fields: Any
    ) -> httpx.Response:
        """Send the login form as Auth.js's client does."""
        return super().log_in(id=account, password=password, **fields)

    def redeem(self, ticket: object, **options: Any) -> httpx.Response:
        """Exchange a ticket for the session's cookie."""
        body = {"csrfToken": self.csrf(), "ticket": ticket}
        return self.post("/api/auth/ticket", json=body, **options)


def public(browser: testing.Browser) -> str:
    """The public name of the browser's session."""
    return next(str(session["id"]) for session in browser.sessions() if session["current"])


def newest(browser: Browser, **details: object) -> dict[str, Any]:
    """Wait for an entry of the audit trail, and return the last one like it."""
    testing.wait_until(lambda: browser.server.audited(**details))
    return browser.server.audited(**details)[-1]
