"""The choices that an app makes once."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigurationError

DAY = 86_400
LONGEST_LIFE = 400 * DAY
"""Browsers keep no cookie for longer (RFC 6265bis, section 5.5)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """The app's own pages (Auth.js: `pages`).

    Attributes:
        sign_in: The path of the page with the sign-in form.
        confirm: The path of the page that asks a member for the password again.
        protected: The paths that only signed-in visitors get; `protected` marks pages too.
    """

    sign_in: str = "/login"
    confirm: str = "/confirm"
    protected: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How long sessions live (Auth.js: `session`).

    Attributes:
        max_age: Seconds from the last renewal.
        update_age: How old a token must be, in seconds, before a use renews it: a request, an
            update, an event.
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
            if not least <= getattr(self, name) <= LONGEST_LIFE:
                raise ConfigurationError(
                    f"SessionOptions({name}=...) takes a number of seconds from {least} to "
                    f"{LONGEST_LIFE}, not {getattr(self, name)!r}."
                )
        if self.most_per_user is not None and self.most_per_user < 1:
            raise ConfigurationError(
                "SessionOptions(most_per_user=...) takes a number from 1, or None for any, "
                f"not {self.most_per_user!r}."
            )
