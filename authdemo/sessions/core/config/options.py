"""The choices that an app makes once."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from ..basics.arguments import shown
from ..errors import ConfigurationError

DAY = 86_400
LONGEST_LIFE = 400 * DAY
"""Browsers keep no cookie for longer (RFC 6265bis, section 5.5)."""

_ROUTE = re.compile(r"/?(?!/)[^\s?#\\:]*")
_PATH = re.compile(r"/(?!/)[^\s?#\\\[\]]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """The app's own pages (Auth.js: `pages`).

    Attributes:
        sign_in: The path of the page with the sign-in form.
        confirm: The path of the page that asks a member for the password again.
        protected: The paths that only signed-in visitors get; `protected` marks pages too.

    Raises:
        ConfigurationError: If one can't be the path of a page.
    """

    sign_in: str = "/login"
    confirm: str = "/confirm"
    protected: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Check that these can be pages of the app."""
        _check_path("sign_in", self.sign_in, "/login")
        _check_path("confirm", self.confirm, "/confirm")
        _check_routes(self.protected)


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How long sessions live (Auth.js: `session`).

    Attributes:
        max_age: Seconds from the last renewal.
        update_age: Seconds from the last renewal after which a read or an event renews a session
            again. What a client or an event handler changes in it always does; `auth.refresh`
            and `auth.update_user` never do.
        absolute_age: Seconds from sign-in, however much the session is used.
        most_per_user: How many sessions a user can have; one more ends the oldest.
            None for any number.

    Raises:
        ConfigurationError: If a session could not live like that.
    """

    max_age: int = 30 * DAY
    update_age: int = DAY
    absolute_age: int = 90 * DAY
    most_per_user: int | None = None

    def __post_init__(self) -> None:
        """Check that a session can live like that."""
        for name, least in (("max_age", 1), ("update_age", 0), ("absolute_age", 1)):
            age = getattr(self, name)
            if not (_is_whole(age) and least <= age <= LONGEST_LIFE):
                raise ConfigurationError(
                    f"SessionOptions({name}=...) takes a whole number of seconds from {least} to "
                    f"{LONGEST_LIFE}, not {shown(age)}."
                )
        most = self.most_per_user
        if most is not None and not (_is_whole(most) and most >= 1):
            raise ConfigurationError(
                "SessionOptions(most_per_user=...) takes a whole number from 1, or None for any, "
                f"not {shown(most)}."
            )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_path(name: str, path: object, like: str) -> None:
    """Check that a path can be gone to as it is."""
    if not (isinstance(path, str) and _PATH.fullmatch(path)):
        raise ConfigurationError(
            f'Pages({name}=...) takes the path of a page of the app, like "{like}", '
            f"not {shown(path)}."
        )


def _check_routes(routes: object) -> None:
    """Check that routes are spelled as Reflex does, with or without a slash in front."""
    takes = 'Pages(protected=...) takes a set of paths, like frozenset({"/vault"})'
    if isinstance(routes, str) or not isinstance(routes, Collection):
        raise ConfigurationError(f"{takes}, not {shown(routes)}.")
    for route in routes:
        if not (isinstance(route, str) and _ROUTE.fullmatch(route)):
            raise ConfigurationError(f"{takes}; {shown(route)} is no path of the app.")
