"""Who may have what: rules, and the pages that they are for."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TypeAlias

from . import callbacks as cb
from .clock import Clock
from .errors import AuthError, ConfigurationError
from .session import Session

Check: TypeAlias = Callable[[Session], bool | Awaitable[bool]]

_SEGMENTS = (
    (re.compile(r"/\\\[\\\[\\\.\\\.\\\.\w+\\\]\\\]"), "(?:/.*)?"),
    (re.compile(r"/\\\[\\\[\w+\\\]\\\]"), "(?:/[^/]+)?"),
    (re.compile(r"\\\[\\\.\\\.\\\.\w+\\\]"), ".+"),
    (re.compile(r"\\\[\w+\\\]"), "[^/]+"),
)
"""How the escaped segments of a Reflex route read as a pattern of paths."""


class Verdict(Enum):
    """What a rule says about a visitor; the value goes into the audit trail."""

    GRANTED = "Granted"
    SIGN_IN = "NotAuthenticated"
    CONFIRM = "ConfirmationRequired"
    DENIED = "AccessDenied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may have something: everybody who is signed in, or fewer.

    Attributes:
        roles: The roles of which one is needed; empty for any or none.
        check: Gets the `Session` and tells whether it will do.
        fresh: Seconds within which the user must have proved who they are; None for any time.
        replay: Whether an event that was refused runs after all when its sender has signed in.
    """

    roles: frozenset[str] = frozenset()
    check: Check | None = None
    fresh: float | None = None
    replay: bool = False

    async def judge(self, session: Session | None, clock: Clock) -> Verdict:
        """Judge a visitor.

        Args:
            session: Their session, verified now, or None.
            clock: The clock.

        Returns:
            The verdict. Nobody is asked to prove who they are for what is not for them.

        Raises:
            CallbackFailed: If `check` raised.
        """
        if session is None:
            return Verdict.SIGN_IN
        if not self._has_role(session):
            return Verdict.DENIED
        if self.check is not None and not await cb.call("check", partial(self.check, session)):
            return Verdict.DENIED
        return Verdict.GRANTED if self._is_fresh(session, clock) else Verdict.CONFIRM

    async def decide(self, session: Session | None, clock: Clock) -> Verdict:
        """Judge a visitor where no error can be told: a check that fails lets nobody in.

        Args:
            session: Their session, verified now, or None.
            clock: The clock.

        Returns:
            The verdict.
        """
        try:
            return await self.judge(session, clock)
        except AuthError:  # it is in the log
            return Verdict.DENIED

    def allows(self, session: Session | None, clock: Clock) -> bool:
        """Judge a visitor at once; a check that would have to wait lets nobody in.

        Args:
            session: Their session, verified now, or None.
            clock: The clock.

        Returns:
            Whether they may have it.
        """
        deciding = self.decide(session, clock)
        try:
            deciding.send(None)
        except StopIteration as decided:
            return decided.value is Verdict.GRANTED
        deciding.close()
        return False

    @property
    def is_for_every_member(self) -> bool:
        """Whether nothing is asked of somebody who is signed in."""
        return not self.roles and self.check is None and self.fresh is None

    @property
    def waits(self) -> bool:
        """Whether the check is async."""
        return inspect.iscoroutinefunction(self.check)

    def _has_role(self, session: Session) -> bool:
        return not self.roles or bool(self.roles & session.roles)

    def _is_fresh(self, session: Session, clock: Clock) -> bool:
        return self.fresh is None or clock() - session.proved.timestamp() <= self.fresh


MEMBERS = Rule()
"""Everybody who is signed in."""


class PageRules:
    """Which pages are for whom."""

    def __init__(
        self,
        rules: Mapping[str, Rule | None],
        *,
        otherwise: Rule | None = None,
    ) -> None:
        """Make the rules.

        Args:
            rules: A rule for each route, like `/posts/[slug]`; None for a public one.
            otherwise: The rule for all other pages; None if they are public.
        """
        self._rules = {normal(route): rule for route, rule in rules.items()}
        self._patterns = [
            (pattern_of(route), rule) for route, rule in self._rules.items() if "[" in route
        ]
        self._otherwise = otherwise

    def of(self, path: str) -> Rule | None:
        """Find the rule for a page.

        Args:
            path: A canonical path, or a route; letter case doesn't matter, as on some file systems.

        Returns:
            The rule, or None if the page is public.
        """
        path = path.casefold()
        if path in self._rules:
            return self._rules[path]
        for pattern, rule in self._patterns:
            if pattern.fullmatch(path):
                return rule
        return self._otherwise

    def check(self, routes: Collection[str]) -> None:
        """Check that every rule is for a page that exists.

        Args:
            routes: The app's routes.

        Raises:
            ConfigurationError: If one isn't.
        """
        unknown = self._rules.keys() - {normal(route) for route in (*routes, "404")}
        if unknown:
            raise ConfigurationError(
                f"These pages are protected or public by name, but don't exist: {sorted(unknown)}."
            )


def normal(route: str) -> str:
    """Spell a route in one way: `Posts/[slug]/` as `/posts/[slug]`."""
    return "/" + ("" if route == "index" else route.strip("/")).casefold()


def pattern_of(route: str) -> re.Pattern[str]:
    """Make a pattern of the paths that a Reflex route takes.

    Args:
        route: The route, like `/posts/[slug]` or `/files/[[...splat]]`.

    Returns:
        The pattern, for paths in lower case.
    """
    pattern = re.escape(normal(route))
    for segment, meaning in _SEGMENTS:
        pattern = segment.sub(lambda _, meaning=meaning: meaning, pattern)  # type: ignore[misc]
    return re.compile(pattern)
