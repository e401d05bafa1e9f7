"""Browsers and systems by the names that users know."""

from __future__ import annotations

import re
from collections.abc import Mapping

_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox|FxiOS": "Firefox",
    "Chrome|CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone|iPad": "iOS",
    "Android": "Android",
    "Windows": "Windows",
    "Mac OS X": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}


def name_client(user_agent: str) -> str:
    """Name a browser and its system in our own words: the header is what the client sends."""
    named = (_first(names, user_agent) for names in (_BROWSERS, _SYSTEMS))
    return ", ".join(filter(None, named))


def _first(names: Mapping[str, str], user_agent: str) -> str:
    return next((name for mark, name in names.items() if re.search(mark, user_agent)), "")
