"""The CSRF token: a signed double submit, bound to the session.

The cookie holds `<token>|<mac>` as in Auth.js, but the MAC covers the session's
id too, so that a pair made for one visitor is worthless for another.
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
_BAR = "%7C"
"""What stands between token and MAC, as Auth.js spells it."""

_LONGEST_COOKIE = 64 + len(_BAR) + 64
_MOST_BOUND = 16_384


class Csrf:
    """Makes and checks CSRF tokens."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._bound = lru_cache(_MOST_BOUND)(self._read)

    def issue(
        self, sid: str, *, after: list[str] | None = None, browser: str = ""
    ) -> tuple[str, str]:
        """Make a token."""
        if sid:
            token = self._keys.mac(_SIGN_IN, f"{browser} {sid}") if browser else ""
        else:
            token = self.successor(after or [])
        token = token or random_bytes().hex()
        return token, f"{token}{_BAR}{self._keys.mac(_PURPOSE, f'{token} {sid}')}"

    def successor(self, cookies: list[str]) -> str:
        """Tell which token a browser gets when its session is over.

        Two tabs that lose their session at the same moment both ask for a token
        with the same old cookie. They get the same new one, so that neither
        undoes the other's.
        """
        return self._keys.mac("csrf successor", cookies[0]) if cookies and cookies[0] else ""

    def is_browser_of(self, token: str, sid: str, before: str) -> bool:
        """Tell whether a session began in the browser that had another token before."""
        return bool(before) and self._keys.verify(_SIGN_IN, f"{before} {sid}", token)

    def find(self, cookies: list[str], sid: str) -> str | None:
        """Find the token in a browser's cookies."""
        for cookie in cookies:
            token = self._bound(cookie, sid) if len(cookie) <= _LONGEST_COOKIE else None
            if token is not None:
                return token
        return None

    def check(self, cookies: list[str], sid: str, given: object) -> str:
        """Check the token that a request brings in its body."""
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

    def _read(self, cookie: str, sid: str) -> str | None:
        """Read one cookie; what it proves never changes."""
        token, _, mac = unquote(cookie).partition("|")
        is_good = _TOKEN.fullmatch(token) and self._keys.verify(_PURPOSE, f"{token} {sid}", mac)
        return token if is_good else None
