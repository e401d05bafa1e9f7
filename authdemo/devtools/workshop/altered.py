"""What an experiment is made of: the requests that it alters, and what it says it altered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from authdemo.sessions import Device
from authdemo.sessions.core.record import SessionRecord
from authdemo.sessions.engine import AuthCore
from authdemo.sessions.http.csrf import Csrf

from .forgery import RealToken

ADDRESS = "/api/auth/session"


@dataclass(frozen=True, slots=True)
class Bench:
    """What an experiment has at hand."""

    auth: AuthCore
    record: SessionRecord
    base_url: str
    device: Device
    mark: str = field(default_factory=lambda: f"Mallory {secrets.token_hex(4)}")

    def token(self) -> RealToken:
        """Mint a good token of the visitor's session."""
        text = self.auth.sessions.serializers.issue_token(self.record)
        return RealToken(text, self.auth.settings.keys.signer)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlteredRequest:
    """One altered request."""

    altered: tuple[Mapping[str, Any], ...] = ()
    cookie: str = field(repr=False)
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    csrf: tuple[str, str] | None = field(default=None, repr=False)
    origin: str


def reading(bench: Bench, cookie: str, *altered: Mapping[str, Any]) -> AlteredRequest:
    """Read the session with a cookie."""
    return AlteredRequest(altered=altered, cookie=cookie, origin=bench.base_url)


def update(
    bench: Bench,
    data: Mapping[str, Any],
    *altered: Mapping[str, Any],
    csrf_of: str | None = None,
    brings_csrf: bool = True,
    origin: str | None = None,
) -> AlteredRequest:
    """Update the session as the browser's button does, but for what is said otherwise."""
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
    """Say what was altered."""
    return {"name": name, "before": before, "after": after}
