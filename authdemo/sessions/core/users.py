"""The user model, and the model of what a client may change."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypeVar

from .errors import FieldValidationError
from .text import has_hidden, has_visible

MAX_NAME_CHARACTERS = 64
MAX_URL_CHARACTERS = 2048


def _visible(text: str) -> str:
    if has_hidden(text):
        raise FieldValidationError("invisible", "must not hold control or invisible characters")
    return text


def _display_name(text: str) -> str:
    name = _visible(text.strip())
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise FieldValidationError(
            "length", f"must have 1 to {MAX_NAME_CHARACTERS} characters", max=MAX_NAME_CHARACTERS
        )
    if not has_visible(name):
        raise FieldValidationError("unseen", "must hold a character that can be seen")
    return name


def _picture_url(text: str) -> str:
    if not text or _is_https(_visible(text)):
        return text
    raise FieldValidationError("not_https", "must be empty or an https: address")


def _is_https(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    return url.scheme == "https" and bool(url.hostname) and not {" ", "\\"} & set(text)


DisplayName = Annotated[
    str,
    AfterValidator(_display_name),
    Field(
        description=f"1 to {MAX_NAME_CHARACTERS} characters after trimming, some of them visible.",
        json_schema_extra={"pattern": r"\S"},
    ),
]
"""A name of 1 to 64 characters after trimming, some of them visible, and no control characters."""

PictureUrl = Annotated[
    str,
    Field(max_length=MAX_URL_CHARACTERS, description="Empty, or an https: address."),
    AfterValidator(_picture_url),
]
"""Empty, or an `https:` URL of at most 2048 characters."""


class User(BaseModel):
    """A user as the session knows it (Auth.js: `DefaultUser`).

    Subclass it to add fields. Every field is public: it is in the session's
    JSON and in the token. Clients and callbacks see a date or an enum as JSON
    has it; the app's own code gets it back with its type.

    Attributes:
        id: The user's id; it never changes.
        name: The name to show.
        email: The address.
        image: The address of a picture.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", validate_by_name=True)

    id: Annotated[str, Field(min_length=1, max_length=255)]
    name: str | None = None
    email: str | None = None
    image: str | None = None


U = TypeVar("U", bound=User, default=User)
U_contra = TypeVar("U_contra", bound=User, contravariant=True, default=User)


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
