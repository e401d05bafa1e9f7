"""Who is signed in, and what a client may change about it."""

from __future__ import annotations

import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_NAME_CHARACTERS = 64
MAX_URL_CHARACTERS = 2048

_DIRECTION_MARKS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_INVISIBLE = frozenset("\u200b\u2060\ufeff" + _DIRECTION_MARKS)
_UNPRINTABLE = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})


def _printable(text: str) -> str:
    for character in text:
        if character in _INVISIBLE or unicodedata.category(character) in _UNPRINTABLE:
            raise ValueError("must not hold control or invisible characters")
    return text


def _display_name(text: str) -> str:
    name = _printable(text.strip())
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"must have 1 to {MAX_NAME_CHARACTERS} characters")
    return name


def _picture_url(text: str) -> str:
    if not text:
        return text
    url = urlsplit(_printable(text))
    if url.scheme != "https" or not url.hostname or " " in text or "\\" in text:
        raise ValueError("must be empty or an https: address")
    return text


DisplayName = Annotated[str, AfterValidator(_display_name)]
"""1 to 64 characters after trimming, none of them invisible."""

PictureUrl = Annotated[str, Field(max_length=MAX_URL_CHARACTERS), AfterValidator(_picture_url)]
"""Empty, or an `https:` URL of at most 2048 characters."""


class User(BaseModel):
    """A user as the session knows it (Auth.js: `DefaultUser`).

    Subclass it to add fields. Every field is public: it is in the session's
    JSON and in the token.

    Attributes:
        id: The user's id; it never changes.
        name: The name to show.
        email: The address.
        image: The address of a picture.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    id: Annotated[str, Field(min_length=1, max_length=255)]
    name: str | None = None
    email: str | None = None
    image: str | None = None


class UserUpdate(BaseModel):
    """The fields that a client may change, and to what.

    Subclass it to open more fields to the client. A field that is not in this
    model can be changed by the server alone. A default only makes naming a field
    optional: what is not named stays as it is.

    Attributes:
        name: The name to show.
        image: The address of a picture.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    name: DisplayName = ""
    image: PictureUrl | None = None
