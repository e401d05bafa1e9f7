"""What people call the programs behind user agents."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

import ua_parser

ua_parser.parse("")  # the first look makes its tables, which takes too long for the event loop

_PRODUCT = re.compile(r"[\w.-]{1,40}")


class Client(NamedTuple):
    """A program that speaks HTTP.

    Attributes:
        browser: Its name and version, like "Chrome 141"; empty if it has none.
        system: What it runs on, like "Linux"; empty if it doesn't say.
    """

    browser: str
    system: str


@lru_cache(maxsize=1024)
def client_of(user_agent: str) -> Client:
    """Name a client by its `User-Agent` (RFC 9110, section 10.1.5).

    Args:
        user_agent: The header.

    Returns:
        The names; what isn't known goes by its product token.
    """
    found = ua_parser.parse(user_agent)
    browser = found.user_agent
    name = f"{browser.family} {browser.major or ''}".strip() if browser else _product(user_agent)
    return Client(name, found.os.family if found.os else "")


def _product(user_agent: str) -> str:
    match = _PRODUCT.match(user_agent)
    return match[0] if match else ""
