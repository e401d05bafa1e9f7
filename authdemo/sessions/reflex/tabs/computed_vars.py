"""Computed vars that read the session: Reflex caches them, so they have to depend on it."""

from __future__ import annotations

import inspect
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

import reflex as rx
from reflex.state import BaseState

from ...core.errors import ConfigurationError
from ..compat import cached_vars_of, registered_states
from ..installed import is_installed
from .state import SessionState

_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
_CALLABLES = (
    *(FunctionType, MethodType, classmethod, partial, property, staticmethod),
    rx.EventHandler,
)
_WRAPPED = ("__func__", "__self__", "__wrapped__", "fget", "fn", "func")
_known: set[type[BaseState]] = set()


def follow_session() -> None:
    """Have the vars that read the session depend on it; modules may add states."""
    for state in set(registered_states()) - _known:
        _known.add(state)
        for name, computed in cached_vars_of(state).items():
            if not _reads_session(computed.fget, state):
                continue
            if issubclass(state, rx.SharedState):
                raise ConfigurationError(
                    f"{state.__name__}.{name} reads the session, but tabs share its value, and "
                    "each has a session of its own. Mark it with @rx.var(cache=False)."
                )
            computed.add_dependency(state, cast("rx.Var[Any]", SessionState.view))


def _reads_session(function: object, state: type[BaseState]) -> bool:
    """Tell whether a function names the app's `Auth`, or another function of the app that does.

    What is named isn't always called: then a var is computed more often than it has to be.
    """
    pending, seen = [function], set[int]()
    while pending:
        value = pending.pop()
        if is_installed(value):
            return True
        if id(value) not in seen:
            seen.add(id(value))
            pending.extend(_parts(value, state))
    return False


def _parts(value: object, state: type[BaseState]) -> Iterator[object]:
    if isinstance(value, _CALLABLES):
        yield from (getattr(value, name, None) for name in _WRAPPED)
    if isinstance(value, FunctionType) and not value.__code__.co_filename.startswith(_LIBRARIES):
        yield from _named_in(value, state)


def _named_in(function: FunctionType, state: type[BaseState]) -> Iterator[object]:
    """List what a function may name: in its module and closure, by import, or of its state."""
    package = function.__globals__.get("__package__")
    names = set(_names(function.__code__))
    found: list[object] = []
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # what it is for hasn't been assigned yet
            found.append(cell.cell_contents)
    for name in names:
        found.append(function.__globals__.get(name))
        found.append(sys.modules.get(name) or sys.modules.get(f"{package}.{name}"))
    yield from found
    for owner in (state, *(each for each in found if isinstance(each, ModuleType | type))):
        for name in names:
            yield inspect.getattr_static(owner, name, None)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
