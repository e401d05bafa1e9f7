"""Security headers: of pages (CSP), and of every response."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", re.DOTALL)

_PAGE = {"cross-origin-opener-policy": "same-origin", "x-frame-options": "DENY"}
_ALWAYS = [(b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin")]
_NO_DOCUMENT = [
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-frame-options", b"DENY"),
]
_HSTS = [(b"strict-transport-security", b"max-age=63072000")]


@dataclass(frozen=True, eq=False)
class SecurityHeaders:
    """Adds security headers to every response that doesn't set them itself.

    JSON and redirects can't be framed; the app decides about its own documents.
    """

    app: ASGIApp
    _: KW_ONLY
    is_secure: Callable[[Scope], bool]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add to its response."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": self._completed(scope, message)}
            await send(message)

        await self.app(scope, receive, send_safely)

    def _completed(self, scope: Scope, message: Message) -> list[tuple[bytes, bytes]]:
        headers = list(message.get("headers", ()))
        own = {name.lower(): value for name, value in headers}
        added = _ALWAYS + _HSTS if self.is_secure(scope) else _ALWAYS
        if own.get(b"content-type", b"application/json").startswith(b"application/json"):
            added = added + _NO_DOCUMENT
        return headers + [each for each in added if each[0] not in own]


def page_headers(policy: str) -> dict[str, str]:
    """List the additional headers of a page."""
    return {**_PAGE, "content-security-policy": policy}


@dataclass(frozen=True, slots=True)
class Policy:
    """The Content-Security-Policy of an app's pages (CSP Level 3)."""

    allow_eval: bool = False
    form_targets: tuple[str, ...] = ()

    def of(self, document: str) -> str:
        """Create the policy of a built page.

        Inline scripts are allowed by their hash. Inline styles have to be allowed: Emotion,
        Reflex's style library, writes them at runtime. Reflex's front end needs `eval` for
        `rx.call_script`, so it is denied unless the app needs that; `calls.js` runs `rx.toast`
        and the like without.
        """
        hashes = sorted({_hash(script) for script in _INLINE_SCRIPT.findall(document)})
        evaluation = ["'unsafe-eval'"] if self.allow_eval else []
        rules = {
            "default-src": ["'self'"],
            "script-src": ["'self'", *evaluation, *hashes],
            "style-src": ["'self'", "'unsafe-inline'"],
            "img-src": ["'self'", "https:", "data:"],
            "object-src": ["'none'"],
            "base-uri": ["'none'"],
            "form-action": ["'self'", *self.form_targets],
            "frame-ancestors": ["'none'"],
        }
        return "; ".join(" ".join([name, *sources]) for name, sources in rules.items())


STRICT = Policy()
"""The policy of pages without further needs."""


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
