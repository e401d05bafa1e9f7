"""The checks that stop the start where Reflex isn't what the sessions need."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
import reflex as rx
from reflex.app import EventNamespace
from reflex.state import BaseState
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.reflex import compat
from authdemo.sessions.reflex.routes import install_outermost

VAR = "var"


@pytest.fixture
def filtered(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Withhold the probe's var, and undo it afterwards."""
    for name in ("get_delta", "_get_resolved_delta", "dict"):
        monkeypatch.setattr(BaseState, name, getattr(BaseState, name))
    compat.filter_output(lambda _, is_sent: filter(is_sent, [VAR]), lambda _: nullcontext())
    return monkeypatch


def unmarked(field: Any) -> Any:
    return field


def test_this_reflex_has_all_names() -> None:
    compat.check_names()


@pytest.mark.parametrize(
    ("owner", "name"),
    [(BaseState, "get_delta"), (BaseState, "_clean"), (EventNamespace, "emit_update")],
)
def test_missing_name_is_named_with_the_version_of_reflex(
    monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    monkeypatch.delattr(owner, name)
    with pytest.raises(ConfigurationError) as raised:
        compat.check_names()
    message = raised.value.message
    assert f"Reflex {version('reflex')}: {owner.__name__} has no {name}." in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("taken_away", "missing"),
    [
        ("import reflex.istate.shared as m; del m.SharedStateBaseInternal", "SharedState"),
        ("import reflex.state as m; del m.BaseState._get_root_state", "_get_root_state"),
    ],
)
def test_start_ends_with_one_line_if_a_name_is_missing(taken_away: str, missing: str) -> None:
    start = (
        f"{taken_away}\n"
        "from authdemo.sessions import SessionsPlugin\n"
        "SessionsPlugin('my_app.auth:auth')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", start],
        capture_output=True,
        text=True,
        check=False,
        env={"AUTH_SECRET": "s" * 40, "PATH": ""},
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"error: authdemo.sessions doesn't fit Reflex {version('reflex')}: ")
    assert missing in line


def test_protected_var_is_withheld_in_both_ways(filtered: pytest.MonkeyPatch) -> None:
    compat.check_withholding(unmarked)


@pytest.mark.parametrize(("method", "way"), [("get_delta", "a delta"), ("dict", "a whole state")])
def test_start_is_refused_if_one_way_is_open(
    filtered: pytest.MonkeyPatch, method: str, way: str
) -> None:
    plain = getattr(BaseState, method).__wrapped__
    filtered.setattr(BaseState, method, plain)
    with pytest.raises(ConfigurationError, match=f"a protected var is not withheld from {way}"):
        compat.check_withholding(unmarked)


def test_start_is_refused_if_no_rule_protects_the_var(filtered: pytest.MonkeyPatch) -> None:
    compat.filter_output(lambda _, __: (), lambda _: nullcontext())
    with pytest.raises(ConfigurationError, match="not withheld"):
        compat.check_withholding(unmarked)


def fronted(app: ASGIApp) -> ASGIApp:
    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)

    return front


def started(**options: Any) -> Starlette:
    app = Starlette(**options)
    app.middleware_stack = app.build_middleware_stack()
    return app


def test_layers_are_installed_in_front_of_all_others() -> None:
    app = started()
    behind = app.middleware_stack
    asyncio.run(install_outermost(app, fronted))
    assert app.middleware_stack is not behind


class Rewrapped(Starlette):
    """Calls something of its own before its layers, as another Reflex might."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def other(message: Any) -> None:
            await send(message)

        await super().__call__(scope, receive, other)


class Rerouted(Starlette):
    """Calls layers that are kept elsewhere."""

    async def __call__(self, *_: Any) -> None:
        return


class Reading(Starlette):
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize("kind", [Rewrapped, Rerouted, Reading])
def test_start_is_refused_if_something_stands_in_front(kind: Callable[[], Starlette]) -> None:
    app = kind()
    app.middleware_stack = app.build_middleware_stack()
    with pytest.raises(ConfigurationError, match="the sessions' middleware"):
        asyncio.run(install_outermost(app, fronted))


def test_start_is_refused_if_another_middleware_sees_events_first() -> None:
    ours, other = rx.Middleware, SimpleNamespace
    manager = SimpleNamespace(instance_id="", sid_to_token={}, token_to_socket={})
    app: Any = SimpleNamespace(
        event_namespace=SimpleNamespace(_token_manager=manager), _middlewares=[ours]
    )
    compat.check_app(app, ours, is_wrapped=True)  # type: ignore[arg-type]
    app._middlewares.insert(0, other())
    with pytest.raises(ConfigurationError, match="SimpleNamespace runs before the middleware"):
        compat.check_app(app, ours, is_wrapped=True)  # type: ignore[arg-type]
    del manager.token_to_socket
    with pytest.raises(ConfigurationError, match="has no token_to_socket"):
        compat.check_app(app, ours, is_wrapped=True)  # type: ignore[arg-type]


def test_start_is_refused_if_the_api_is_not_wrapped() -> None:
    with pytest.raises(ConfigurationError, match="without its api_transformer"):
        compat.check_app(SimpleNamespace(), SimpleNamespace(), is_wrapped=False)  # type: ignore[arg-type]
