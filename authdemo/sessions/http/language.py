"""Which language a visitor reads."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

from ..core.locales import Locales
from . import cookies
from .headers import header

COOKIE = "language"
"""The name of the cookie that remembers a visitor's choice."""


def language_of(scope: Scope, locales: Locales, sent: Mapping[str, list[str]] | None = None) -> str:
    """Choose the language of an answer."""
    known = cookies.by_name(scope) if sent is None else sent
    chosen = known[COOKIE][0] if COOKIE in known else None
    return locales.choose(chosen, header(scope, b"accept-language"))
