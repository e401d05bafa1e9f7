"""The layers and routes of an app: rules are checked before anything else, or a body, is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from ..core.errors import AuthError, ConfigurationError
from ..core.rules import Rule
from ..http.own_routes import request_in
from .compat import difference
from .protected import NOT_MARKED, Guards, is_enforced, mark_of


def guard(routes: Sequence[BaseRoute], guards: Guards) -> None:
    """Check the rule of each route before it reads anything."""
    guarded: set[int] = set()
    for route in _leaves(routes):
        endpoint = getattr(route, "endpoint", None)
        _check_order(endpoint)
        rule = guards.of_endpoint(endpoint)
        if endpoint is not None and rule is not None and id(route) not in guarded:
            guarded.add(id(route))
            route.handle = partial(_handle, rule, route.handle)  # type: ignore[method-assign]


def answer_errors(app: Starlette) -> None:
    """Respond to every `AuthError` that an endpoint raises, also in mounted apps."""
    app.exception_handlers.setdefault(AuthError, _respond)
    for route in app.routes:
        mounted = getattr(route, "app", None)
        if isinstance(mounted, Starlette):
            answer_errors(mounted)


def is_public(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    """Tell whether the endpoint that takes a request is marked as public."""
    return mark_of(_find(routes, {**scope})) is None


async def install_outermost(app: Starlette, wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put layers in front of all that Reflex wraps around an app; a probe shows that they are."""
    behind = app.middleware_stack
    arrived: list[object] = []

    async def arrive(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.extend((scope, receive, send))

    async def unused(*_: Any) -> Any:
        raise difference("something reads a request before the sessions' middleware")

    probe = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    app.middleware_stack = arrive
    await app(dict(probe), unused, unused)
    if behind is None or arrived != [{**probe, "app": app}, unused, unused]:
        raise difference("something stands in front of the sessions' middleware")
    app.middleware_stack = wrap(behind)


def _leaves(routes: Sequence[BaseRoute]) -> Iterator[BaseRoute]:
    """List routes, also those of mounted apps and of FastAPI's included routers."""
    for route in routes:
        router = getattr(route, "original_router", route)
        nested = getattr(router, "routes", None)
        if nested is None:
            yield route
        else:
            yield from _leaves(nested)


def _find(routes: Sequence[BaseRoute], scope: Scope) -> object:
    """Find the endpoint that Starlette or FastAPI will call."""
    for route in routes:
        for candidate in _candidates(route):
            match, child_scope = candidate.matches(scope)
            if match is not Match.FULL:
                continue
            target = getattr(candidate, "starlette_route", None) or candidate
            nested = getattr(target, "routes", None)
            if nested is not None:
                return _find(nested, {**scope, **child_scope})
            return getattr(target, "endpoint", None)
    return None


def _candidates(route: Any) -> Iterator[Any]:
    """List the routes of one of FastAPI's included routers, or the route itself."""
    effective = getattr(route, "effective_route_contexts", None)
    yield from [route] if effective is None else effective()


def _check_order(endpoint: Any) -> None:
    for name, method in vars(endpoint).items() if isinstance(endpoint, type) else ():
        if mark_of(method) is not NOT_MARKED:
            raise ConfigurationError(
                f"{endpoint.__qualname__}.{name} is marked by itself. Mark the whole class."
            )
    if mark_of(endpoint) not in (NOT_MARKED, None) and not is_enforced(endpoint):
        raise ConfigurationError(
            f"{endpoint.__qualname__} is a route before it is protected, so nothing would be "
            "checked. Put @protected under the decorator of the route, such as @app.get."
        )


async def _handle(rule: Rule, handle: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    request = request_in(scope)
    try:
        await request.check(rule)
    except AuthError as error:
        await request.routes.reject(error, scope, receive, send)
        return
    await handle(scope, receive, send)


async def _respond(connection: Request | WebSocket, error: AuthError) -> ASGIApp | None:
    request = request_in(connection.scope)
    if isinstance(connection, Request):
        return partial(request.routes.reject, error)
    request.routes.contexts.audit_rejection(connection.scope, error)
    await connection.close(1008, error.code)
    return None
