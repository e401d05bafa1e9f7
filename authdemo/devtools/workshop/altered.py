"""What an experiment is made of: the requests that it alters, and what it says it altered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authdemo.sessions.core.record import Device, SessionRecord
from authdemo.sessions.engine import AuthCore
from authdemo.sessions.http.csrf import Csrf

from .forgery import RealToken

ADDRESS = "/api/auth/session"


@dataclass(frozen=True, slots=True)
class Bench:
    """What an experiment has at hand.

    Attributes:
        auth: The app's sessions.
        record: The visitor's session, as it is now.
        base_url: The app's origin.
        device: What the visitor uses.
        mark: A name that nobody has: where it turns up, something broke.
    """

    auth: AuthCore
    record: SessionRecord
    base_url: str
    device: Device
    mark: str = field(default_factory=lambda: f"Mallory {secrets.token_hex(4)}")

    def token(self) -> RealToken:
        """Mint a good token of the visitor's session."""
        text = self.auth.sessions.faces.mint(self.record)
        return RealToken(text, self.auth.settings.keys.signer)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlteredRequest:
    """One altered request.

    Attributes:
        altered: What is not as it should be: name, before, after; for people to read.
        cookie: The session cookie that it brings.
        method: Its method.
        body: What it sends, or None.
        csrf: The CSRF token and its cookie.
        origin: Where it says it comes from.
    """

    altered: tuple[Mapping[str, Any], ...] = ()
    cookie: str = field(repr=False)
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    csrf: tuple[str, str] | None = field(default=None, repr=False)
    origin: str


def reading(bench: Bench, cookie: str, *altered: Mapping[str, Any]) -> AlteredRequest:
    """Read the session with a cookie.

    Args:
        bench: What is at hand.
        cookie: The session cookie.
        *altered: What is altered in it.

    Returns:
        The request.
    """
    return AlteredRequest(altered=altered, cookie=cookie, origin=bench.base_url)


def update(
    bench: Bench,
    data: Mapping[str, Any],
    *altered: Mapping[str, Any],
    csrf_of: str | None = None,
    brings_csrf: bool = True,
    origin: str | None = None,
) -> AlteredRequest:
    """Update the session as the browser's button does, but for what is said otherwise.

    Args:
        bench: What is at hand.
        data: The fields to change.
        *altered: What is altered.
        csrf_of: The id of the session that the CSRF token was made for.
        brings_csrf: Whether the token is in the body.
        origin: Where the request says it comes from.

    Returns:
        The request.
    """
    csrf = Csrf(bench.auth.settings.keys).issue(csrf_of or bench.record.id)
    sent = {"csrfToken": csrf[0]} if brings_csrf else {}
    return AlteredRequest(
        altered=altered,
        cookie=bench.token().text,
        method="POST",
        body={"data": dict(data), **sent},
        csrf=csrf,
        origin=origin or bench.base_url,
    )


def change(name: str, before: Any, after: Any) -> Mapping[str, Any]:
    """Say what was altered.

    Args:
        name: The place.
        before: What should be there.
        after: What is there.

    Returns:
        A JSON object.
    """
    return {"name": name, "before": before, "after": after}
