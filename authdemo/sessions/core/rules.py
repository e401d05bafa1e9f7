"""Rules: who may have a page, a var or an event, and how paths and routes compare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import partial
from types import NoneType
from typing import Any, Literal, TypeAlias, get_args, get_origin
from urllib.parse import quote, unquote

from pydantic import BaseModel

from . import callbacks as cb
from .arguments import did_you_mean
from .errors import AuthError, ConfigurationError
from .session import Session
from .utils import Clock

_SEGMENTS = (
    (re.compile(r"/\\\[\\\[\\\.\\\.\\\.\w+\\\]\\\]"), r"(?:/[^\n\r\u2028\u2029]*)?"),
    (re.compile(r"/\\\[\\\[\w+\\\]\\\]"), "(?:/[^/]+)?"),
    (re.compile(r"\\\[\\\.\\\.\\\.\w+\\\]"), r"[^\n\r\u2028\u2029]+"),
    (re.compile(r"\\\[\w+\\\]"), "[^/]+"),
)
"""The segments of a Reflex route, escaped, and their patterns."""

_OPTIONAL = re.compile(r"/\[(\[\w+\])\]")
_ANY, _EMPTY, _DYNAMIC, _STATIC = 0, 1, 3, 10
_WHOLE, _OPEN = 2, -2
_AS_IN_SEGMENTS = ":@!$&'()*+,;="

PLAIN_PATH = re.compile(r"/|(?:/[\w~-][\w.~-]*)+", re.ASCII)
"""A path that is canonical as it is."""


def canonical(address: str) -> str:
    """Normalize a path (RFC 3986, section 6.2.2).

    It resolves dot segments, even escaped ones, and merges slashes at the beginning. Other empty
    segments stay, because they can be values to an app's own routes.
    """
    if PLAIN_PATH.fullmatch(address):
        return address
    parts: list[str] = []
    for segment in f"/{address}/".split("/")[1:-1]:
        name = unquote(segment)
        if name == "..":
            del parts[-1:]
        elif name != ".":
            parts.append(quote(name, safe=_AS_IN_SEGMENTS, errors="replace"))
    if unquote(address.rpartition("/")[2]) in (".", ".."):
        parts.append("")
    return "/" + "/".join(parts).lstrip("/")


def page_path(address: str) -> str:
    """Decode a path as React Router does to find its page."""
    names = (unquote(part).replace("/", "%2F") for part in page_address(address).split("/"))
    return "/".join(names)


def page_address(address: str) -> str:
    """Normalize the address of a page: the canonical path without empty segments."""
    return "/" + "/".join(filter(None, canonical(address).split("/")))


def fold(path: str) -> str:
    """Fold letter case as JavaScript's `i` flag does (ECMA-262)."""
    return path.lower() if path.isascii() else "".join(map(_folded, path))


def _folded(letter: str) -> str:
    # A letter outside of ASCII never equals one of ASCII.
    if letter.isascii():
        return letter.lower()
    upper = letter.upper()
    has_pair = len(upper) == 1 and not upper.isascii() and upper <= "\uffff"
    return upper if has_pair else letter


def normal(route: str) -> str:
    """Normalize a route: `Posts/[slug]/` to `/posts/[slug]`."""
    return "/" + ("" if route == "index" else route.strip("/")).casefold()


def pattern_of(route: str) -> re.Pattern[str]:
    pattern = re.escape(fold(normal(route)))
    for segment, meaning in _SEGMENTS:
        pattern = segment.sub(lambda _, meaning=meaning: meaning, pattern)  # type: ignore[misc]
    return re.compile(pattern)


def branches(route: str) -> Iterator[str]:
    """Expand a route's optional segments into routes without them."""
    optional = _OPTIONAL.search(route)
    if optional is None:
        yield route or "/"
        return
    before, after = route[: optional.start()], route[optional.end() :]
    yield from branches(f"{before}/{optional[1]}{after}")
    yield from branches(before + after)


def specificity(branch: str) -> int:
    """Compute a route's rank as React Router does (`computeScore`)."""
    segments = branch.split("/")
    ending = _OPEN if "..." in segments[-1] else _WHOLE
    return len(segments) + ending + sum(map(_points, segments))


def _points(segment: str) -> int:
    if "..." in segment:
        return _ANY
    if segment.startswith("["):
        return _DYNAMIC
    return _STATIC if segment else _EMPTY


Check: TypeAlias = Callable[[Session], bool | Awaitable[bool]]


class Verdict(Enum):
    """The result of a rule; its value is a reason in the audit trail."""

    GRANTED = "Granted"
    SIGN_IN = "NotAuthenticated"
    CONFIRM = "ConfirmationRequired"
    DENIED = "AccessDenied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who is allowed: all signed-in users, or some of them."""

    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    check: Check | None = None
    fresh: float | None = None
    level: int = 1
    replay: bool = False

    async def judge(self, session: Session | None, clock: Clock) -> Verdict:
        if session is None:
            return Verdict.SIGN_IN
        if (self.roles and not self.roles & session.roles) or self.needs_scope(session):
            return Verdict.DENIED
        if self.check is not None and not await cb.call("check", partial(self.check, session)):
            return Verdict.DENIED
        if session.actor is not None and self.asks_for_proof:
            return Verdict.DENIED  # no proof of the administrator's is the user's
        if session.level < self.level:
            return Verdict.CONFIRM
        age = clock() - session.authenticated_at.timestamp()
        return Verdict.GRANTED if self.fresh is None or age <= self.fresh else Verdict.CONFIRM

    async def decide(self, session: Session | None, clock: Clock) -> Verdict:
        """Apply the rule; a check that fails denies."""
        try:
            return await self.judge(session, clock)
        except AuthError:  # it is in the log
            return Verdict.DENIED

    def allows(self, session: Session | None, clock: Clock) -> bool:
        """Apply the rule without waiting; a check that has to wait denies."""
        deciding = self.decide(session, clock)
        try:
            deciding.send(None)
        except StopIteration as decided:
            return decided.value is Verdict.GRANTED
        deciding.close()
        return False

    def needs_scope(self, session: Session) -> bool:
        """Tell whether a bearer token lacks one of the scopes."""
        return session.scopes is not None and not self.scopes <= session.scopes

    @property
    def asks_for_proof(self) -> bool:
        """Whether a session may need another proof."""
        return self.fresh is not None or self.level > 1

    @property
    def allows_all_members(self) -> bool:
        return not (self.roles or self.scopes or self.check or self.asks_for_proof)

    @property
    def has_async_check(self) -> bool:
        return inspect.iscoroutinefunction(self.check)


def check_roles(rules: Iterable[Rule], user: type[BaseModel]) -> None:
    """Check that users can have the roles that rules ask for."""
    roles = sorted({role for rule in rules for role in rule.roles}, key=str)
    if roles and not (_has(user, "role") or _has(user, "roles")):
        raise ConfigurationError(
            f"protected(roles={roles[0]!r}) lets nobody in: {user.__name__} has neither `role` nor "
            "`roles`. Add one to the user model, and pass the model as Auth(user=...)."
        )
    fields = (user.model_fields[name] for name in ("roles", "role") if name in user.model_fields)
    known = next((_values_of(field.annotation) for field in fields), None)
    for role in roles:
        if known is not None and role not in known:
            names = sorted(map(str, known))
            hint = did_you_mean(str(role), names) or f" There are: {', '.join(names)}."
            raise ConfigurationError(
                f"protected(roles={role!r}) names a role that no {user.__name__} can have.{hint}"
            )


def _has(user: type[BaseModel], name: str) -> bool:
    return name in user.model_fields or hasattr(user, name)


def _values_of(hint: Any) -> set[Any] | None:
    """List the values that a type allows, if it lists them."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return set(hint)
    parts = [_values_of(each) for each in get_args(hint) if each not in (NoneType, ...)]
    return set().union(*parts) if parts and None not in parts else None  # type: ignore[arg-type]


_NOT_FOUND = "404"
"""The route of Reflex's not-found page, which no path has."""

MEMBERS = Rule()
"""All signed-in users."""


class PageRules:
    """The rules of all pages."""

    def __init__(
        self,
        rules: Mapping[str, Rule | None],
        routes: Collection[str] = (),
        *,
        otherwise: Rule | None = None,
    ) -> None:
        self._routes = dict.fromkeys(map(normal, (*routes, _NOT_FOUND)), otherwise)
        self._named = {normal(route): rule for route, rule in rules.items()}
        self._rules = self._routes | self._named
        self._static = {
            fold(route): rule
            for route, rule in self._rules.items()
            if "[" not in route and route != normal(_NOT_FOUND)
        }
        self._patterns = _most_specific_first(self._rules)
        self._otherwise = otherwise

    def of(self, path: str) -> Rule | None:
        """Find the rule of the page at a path; None if it is public."""
        path = fold(path)
        if path in self._static:
            return self._static[path]
        for pattern, rule in self._patterns:
            if pattern.fullmatch(path):
                return rule
        return self._otherwise

    def of_route(self, route: str) -> Rule | None:
        """Find the rule of a route, like `/posts/[slug]`; None if it is public."""
        return self._rules.get(normal(route), self._otherwise)

    def check(self) -> None:
        """Check that every named page exists."""
        for route in sorted(self._named.keys() - self._routes.keys()):
            close = did_you_mean(route, self._routes.keys() - {normal(_NOT_FOUND)})
            raise ConfigurationError(
                f"Pages(protected=...) names {route!r}, and the app has no such page."
                f"{close or ' Correct the path, or take it out.'}"
            )


def _most_specific_first(
    rules: Mapping[str, Rule | None],
) -> list[tuple[re.Pattern[str], Rule | None]]:
    # The order in which dynamic routes are tried for a path.
    ranked = [
        (-specificity(branch), rule is None, pattern_of(branch), rule)
        for route, rule in rules.items()
        for branch in branches(route)
        if "[" in route
    ]
    ranked.sort(key=lambda each: each[:2])
    return [(pattern, rule) for *_, pattern, rule in ranked]
