"""What every way to sign in has in common."""

from __future__ import annotations

from typing import Protocol


class Provider(Protocol):
    """A way to sign in (Auth.js: provider).

    Attributes:
        id: Its name in paths and in `signIn(id)`.
        name: Its name for people.
        type: Its kind; Auth.js's client chooses the endpoint by it.
    """

    id: str
    name: str
    type: str
