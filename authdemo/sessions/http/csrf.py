"""The CSRF token: a signed double submit, bound to the session.

The cookie holds `<token>|<mac>` as in Auth.js, but the MAC covers the session's
id too, so that one user's token and cookie are invalid for another user.
"""

from __future__ import annotations

import hmac
import re
from functools import lru_cache
from urllib.parse import unquote

from ..core.errors import RequestRejected
from ..core.keys import KeyRing
from ..core.utils import random_bytes

_TOKEN = re.compile(r"[0-9a-f]{64}")
_PURPOSE = "csrf"
_SIGN_IN = "csrf sign-in"
_SEPARATOR = "%7C"
_MAX_COOKIE = 64 + len(_SEPARATOR) + 64
_MAX_CACHED = 16_384


class Csrf:
    """Issues and checks CSRF tokens."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._verified = lru_cache(_MAX_CACHED)(self._verify)

    def issue(
        self, sid: str, *, after: list[str] | None = None, browser: str = ""
    ) -> tuple[str, str]:
        if sid:
            token = self._keys.mac(_SIGN_IN, f"{browser} {sid}") if browser else ""
        else:
            token = self.successor(after or [])
        token = token or random_bytes().hex()
        return token, f"{token}{_SEPARATOR}{self._keys.mac(_PURPOSE, f'{token} {sid}')}"

    def successor(self, cookies: list[str]) -> str:
        """Derive the next token of a browser whose session has ended.

        Two tabs that lose their session at the same moment both request a token with the same
        old cookie. They get the same new one, so that neither invalidates the other's.
        """
        return self._keys.mac("csrf successor", cookies[0]) if cookies and cookies[0] else ""

    def is_browser_of(self, token: str, sid: str, before: str) -> bool:
        """Tell whether a session began in the browser that had the token `before`."""
        return bool(before) and self._keys.verify(_SIGN_IN, f"{before} {sid}", token)

    def find(self, cookies: list[str], sid: str) -> str | None:
        """Find the valid token among a browser's cookies."""
        for cookie in cookies:
            token = self._verified(cookie, sid) if len(cookie) <= _MAX_COOKIE else None
            if token is not None:
                return token
        return None

    def check(self, cookies: list[str], sid: str, given: object) -> str:
        """Check the token in a request's body against its cookies."""
        if not cookies and isinstance(given, str):
            raise RequestRejected(
                "The request has a CSRF token, but no CSRF cookie. Allow cookies for this site.",
                reason="cookies",
            )
        token = self.find(cookies, sid)
        if token is None or not isinstance(given, str):
            raise RequestRejected(
                "The request has no valid CSRF token. Get one from /api/auth/csrf first."
            )
        if not hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
            raise RequestRejected("The request's CSRF token is not this browser's.")
        return token

    def _verify(self, cookie: str, sid: str) -> str | None:
        token, _, mac = unquote(cookie).partition("|")
        is_valid = _TOKEN.fullmatch(token) and self._keys.verify(_PURPOSE, f"{token} {sid}", mac)
        return token if is_valid else None
