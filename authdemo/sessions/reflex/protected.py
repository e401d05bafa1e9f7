"""`protected` and `public`: rules on pages, vars and event handlers."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar, cast, overload

import reflex as rx
from reflex.state import BaseState
from starlette.concurrency import run_in_threadpool
from starlette.endpoints import HTTPEndpoint, WebSocketEndpoint

from ..core.authentication import LEVELS
from ..core.errors import ConfigurationError
from ..core.rules import Check, PageRules, Rule
from ..core.session import Session
from ..core.utils import Clock
from ..http.own_routes import current_request
from ..http.sockets.caller import current_caller
from .compat import (
    ComputedVar,
    Field,
    current_app,
    current_config,
    is_prod_mode,
    pages_of,
    registered_states,
    separate_scripts,
)

NOT_MARKED = object()

_MARK = "auth_rule"
_CHECKED = "auth_rule_is_checked"
_ENDPOINTS = (HTTPEndpoint, WebSocketEndpoint)

Thing = TypeVar("Thing")


def mark(thing: Thing, rule: Rule | None) -> Thing:
    require_plugin()
    is_class = isinstance(thing, type) and issubclass(thing, (BaseState, *_ENDPOINTS))
    if not (is_class or isinstance(thing, ComputedVar | Field) or inspect.isfunction(thing)):
        raise ConfigurationError(
            "A page function, an event handler, a state, a field made by rx.field, a computed "
            f"var or an endpoint can be protected or public, not {thing!r}."
        )
    setattr(thing.fget if isinstance(thing, ComputedVar) else thing, _MARK, rule)
    return thing if rule is None else cast("Thing", _enforced(thing, rule))


def _enforced(thing: Any, rule: Rule) -> Any:
    """Have pages and endpoints check the rule themselves, wherever they are served."""
    if isinstance(thing, type) and issubclass(thing, _ENDPOINTS):
        thing.dispatch = _checked(thing.dispatch, rule)  # type: ignore[method-assign]
        return thing
    if not inspect.isfunction(thing) or inspect.isgeneratorfunction(thing):
        return thing
    if _is_page(thing):
        return _require_mark(thing, rule)
    is_method = "." in thing.__qualname__.rpartition("<locals>.")[2]
    return thing if is_method or inspect.isasyncgenfunction(thing) else _checked(thing, rule)


def is_enforced(endpoint: object) -> bool:
    """Tell whether a protected function checks its rule: what `protected` returned does."""
    return not inspect.isfunction(endpoint) or hasattr(endpoint, _CHECKED)


def _checked(endpoint: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    """Let an endpoint run if its rule allows the request's session; events have been checked."""

    @functools.wraps(endpoint)
    async def checked(*args: Any, **kwargs: Any) -> Any:
        request = None if current_caller() else current_request()
        if request is not None:
            await request.check(rule)
        elif current_caller() is None and current_app() is not None:
            raise ConfigurationError(
                f"{endpoint.__qualname__} is protected, and runs without a request of the app's "
                "own routes. Serve it by rx.App(api_transformer=...)."
            )
        if request is not None and not inspect.iscoroutinefunction(endpoint):
            return await run_in_threadpool(endpoint, *args, **kwargs)
        result = endpoint(*args, **kwargs)
        return await result if inspect.isawaitable(result) else result

    setattr(checked, _CHECKED, True)
    return checked


def mark_of(thing: object) -> Any:
    return getattr(thing, _MARK, NOT_MARKED)


def _is_page(thing: object) -> TypeGuard[Callable[..., Any]]:
    """Tell a page function from an event handler, which can't be called without its state."""
    return (
        inspect.isfunction(thing)
        and not inspect.iscoroutinefunction(thing)
        and all(
            each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
            for each in inspect.signature(thing).parameters.values()
        )
    )


def _require_mark(page: Callable[..., Any], rule: Rule) -> Callable[..., Any]:
    """Let a page be shown only where its mark is seen.

    A function around it, such as a `lambda` or a decorator of the app, has no mark, and what
    it shows would be open to everybody.
    """

    @functools.wraps(page)
    def shown(*args: Any, **kwargs: Any) -> Any:
        request = current_request()
        is_endpoint = request is not None and any(each is rule for each in request.rules)
        if not (is_endpoint or _is_added(page)):
            raise ConfigurationError(
                f"{page.__qualname__} is protected, but a page without that mark shows it. Mark "
                "what add_page or rx.page gets: the outermost function, and not what it returns. A "
                "decorator between them passes the mark on by functools.wraps."
            )
        return page(*args, **kwargs)

    setattr(shown, _CHECKED, True)
    return shown


def _is_added(page: Callable[..., Any]) -> bool:
    """Tell whether the app has a page of which this is the function; without an app any may be."""
    app = current_app()
    return app is None or any(
        callable(added.component) and inspect.unwrap(added.component) is page
        for added in pages_of(app)
    )


_CHOICE = "sitemap"
"""Where a page's context says what `SitemapPlugin` writes about it; None for nothing."""


def separate_pages(app: rx.App, rules: PageRules) -> None:
    """Keep what protected pages show out of the scripts of public ones, before they are built."""
    for page in pages_of(app):
        if rules.of_route(page.route) is not None:
            separate_scripts(page)


def hide_from_sitemap(app: rx.App, rules: PageRules) -> None:
    """Leave the pages that not everybody may see out of the sitemap.

    A page whose own context says what the sitemap holds about it keeps it. Other plugins may
    have the pages in hand already, so they are changed and not replaced.
    """
    for page in pages_of(app):
        if rules.of_route(page.route) is not None and _CHOICE not in page.context:
            object.__setattr__(page, "context", {**page.context, _CHOICE: None})


class InstallsSessions:
    """What a plugin is that installs an app's sessions."""

    keep_secret = False


def keeps_secret() -> bool:
    """Tell whether a generated secret is kept for the next start: in production only on request."""
    config = current_config()
    plugins = config.plugins if config else ()
    return not is_prod_mode() or any(
        isinstance(each, InstallsSessions) and each.keep_secret for each in plugins
    )


def require_plugin() -> None:
    """Check that an app will have sessions, if its configuration is known."""
    config = current_config()
    name = config.app_name if config else ""
    if config and name and not any(isinstance(each, InstallsSessions) for each in config.plugins):
        raise ConfigurationError(
            "rxconfig.py has no SessionsPlugin, so nothing would be protected. Add it to "
            f'`plugins`, like SessionsPlugin("{name}.{name}:auth").'
        )


_OURS = ("reflex.", "reflex_", __name__.partition(".reflex.")[0] + ".")


@overload
def protected(thing: Thing) -> Thing: ...


@overload
def protected(
    *,
    roles: str | Collection[str] = (),
    scopes: str | Collection[str] = (),
    check: Check | None = None,
    fresh: float | None = None,
    level: int = 1,
    replay: bool = False,
) -> Callable[[Thing], Thing]: ...


def protected(
    thing: Any = None,
    *,
    roles: str | Collection[str] = (),
    scopes: str | Collection[str] = (),
    check: Check | None = None,
    fresh: float | None = None,
    level: int = 1,
    replay: bool = False,
) -> Any:
    """Keep something from those who may not have it.

    A page is served to the others neither as HTML nor as JavaScript; an event handler does not
    run for them; a state var or computed var has its default value for them; a route of the
    app's own answers 401 or 403. On a state, it holds for all event handlers and vars::

        @protected(roles="admin", fresh=300)
        class Payroll(rx.State):
            salaries: rx.Field[dict[str, int]] = rx.field(default_factory=dict)

        salary: rx.Field[int] = protected(rx.field(0))  # one var

    Args:
        thing: A page function, an event handler, a state, a field, a computed var, or the
            endpoint of a route or WebSocket, under `@app.get`.
        roles: One of these is needed: the user's `role`, or one of its `roles`.
        check: Gets the verified `Session` and tells whether it will do; it may be async,
            but not for vars.
        scopes: A bearer token needs all of these; a browser's session has them.
        fresh: Seconds within which the user must have signed in or confirmed who they are;
            others are asked for a proof, and then the event runs.
        level: 2 for sessions with two factors of different kinds, or a passkey; others are asked
            for the missing proof, and then the event runs.
        replay: Whether the rejected event of a signed-out visitor runs after they have
            signed in, within five minutes and in the same tab.
    """
    names = frozenset([roles] if isinstance(roles, str) else roles)
    needed = frozenset([scopes] if isinstance(scopes, str) else scopes)
    if level not in LEVELS:
        raise ConfigurationError(f"protected(level=...) takes 1 or 2, not {level!r}.")
    rule = Rule(roles=names, scopes=needed, check=check, fresh=fresh, level=level, replay=replay)
    return mark(thing, rule) if thing is not None else lambda thing: mark(thing, rule)


def public(thing: Thing) -> Thing:
    """Leave something open to everybody, where `Auth(protect_all=True)` would close it."""
    return mark(thing, None)


@dataclass
class Guards:
    """Knows the rules of an app's event handlers and vars."""

    default: Rule | None
    """Holds for what isn't marked."""
    _vars: dict[type[BaseState], Mapping[str, Rule]] = field(default_factory=dict, init=False)
    _known: list[type[BaseState]] = field(default_factory=list, init=False)
    _guarded: list[type[BaseState]] = field(default_factory=list, init=False)

    def of_event(self, state: type[BaseState], handler: Any) -> Rule | None:
        return self._rule(state, handler.fn)

    def of_endpoint(self, endpoint: object) -> Rule | None:
        rule: Rule | None = mark_of(endpoint)
        if rule is not NOT_MARKED:
            return rule
        return None if str(getattr(endpoint, "__module__", "")).startswith(_OURS) else self.default

    def of_vars(self, state: type[BaseState]) -> Mapping[str, Rule]:
        """Find the rules for the vars of a state, those of its parents apart."""
        if state not in self._vars:
            self._vars[state] = dict(self._protected_vars(state))
        return self._vars[state]

    def changed_vars(
        self, before: Session | None, now: Session | None, clock: Clock, *, since: float
    ) -> Iterator[tuple[type[BaseState], list[str]]]:
        """List the vars that a tab may see now and might not before, or the other way round."""
        is_same = _standing(before) == _standing(now)
        for state in self.states():
            names = [
                name
                for name, rule in self._vars[state].items()
                if (rule.check or rule.fresh is not None or not is_same)
                and rule.allows(before, lambda: since) != rule.allows(now, clock)
            ]
            if names:
                yield state, names

    def next_expiry(self, session: Session, clock: Clock) -> float:
        """Tell when a member's proof will be too old for one of the vars that are sent now."""
        rules = (rule for state in self.states() for rule in self._vars[state].values())
        ages = [rule.fresh for rule in rules if rule.fresh is not None]
        proved, now = session.authenticated_at.timestamp(), clock()
        return min((proved + age for age in ages if proved + age >= now), default=math.inf)

    def states(self) -> list[type[BaseState]]:
        """List the states that have vars which not everybody may see; modules may add to them."""
        known = registered_states()
        if known != self._known:
            self._guarded = [
                each for each in known if issubclass(each, rx.State) and self.of_vars(each)
            ]
            self._known = known
        return self._guarded

    def rules(self) -> Iterator[Rule]:
        """List the rules of all event handlers and vars."""
        for state in registered_states():
            handlers = (self.of_event(state, each) for each in state.event_handlers.values())
            yield from filter(None, (*handlers, *self.of_vars(state).values()))

    def _protected_vars(self, state: type[BaseState]) -> Iterator[tuple[str, Rule]]:
        fields = {name: state.__fields__[name] for name in state.base_vars}
        computed = {name: each.fget for name, each in state.computed_vars.items()}
        for name, declared in {**fields, **computed}.items():
            rule = self._rule(state, declared)
            if rule is not None and rule.has_async_check:
                raise ConfigurationError(
                    f"{state.__name__}.{name} is protected by an async check, and a var can't wait."
                )
            if rule is not None:
                yield name, rule

    def _rule(self, state: type[BaseState], declared: object) -> Rule | None:
        for marked in (declared, state):
            rule: Rule | None = mark_of(marked)
            if rule is not NOT_MARKED:
                return rule
        return None if f"{state.__module__}.".startswith(_OURS) else self.default


def page_rules(app: rx.App) -> dict[str, Rule | None]:
    marks = {page.route: mark_of(page.component) for page in pages_of(app)}
    return {route: rule for route, rule in marks.items() if rule is not NOT_MARKED}


def routes_of(app: rx.App) -> list[str]:
    return [page.route for page in pages_of(app)]


def _standing(session: Session | None) -> object:
    """All that a rule without a check looks at."""
    return session and (session.roles, session.authenticated_at, session.level)
