"""Keeps protected vars on the server, whichever way a state reaches a tab.

Reflex sends a state as a whole when a page is loaded (`dict`), as it was at the beginning
when pages are built (`dict` too), and what has changed after each event (`get_delta`). It
calls both on every state, so that they can be overridden; that is done here, for all
states at once, those of later imports too.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from reflex.state import BaseState
from reflex_base.constants.state import FIELD_MARKER
from reflex_base.utils.types import Unset, get_default_value_for_type

from .installed import current_auth_or_none

_PLAIN = (BaseState.get_delta, BaseState.dict)


def filter_vars() -> None:
    """Have every state keep its protected vars from those who may not see them."""
    BaseState.get_delta, BaseState.dict = map(_withholding, _PLAIN)  # type: ignore[method-assign]


def _withholding(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    @wraps(method)
    def filtered(state: BaseState, *args: Any, **options: Any) -> dict[str, Any]:
        return _without_secrets(state, method(state, *args, **options))

    filtered.__override_base_method__ = True  # type: ignore[attr-defined]
    return filtered


def _without_secrets(state: BaseState, told: dict[str, Any]) -> dict[str, Any]:
    auth = current_auth_or_none()
    own = told.get(state.get_full_name())
    if auth is None or not own:
        return told
    rules = auth.guards.of_vars(type(state))
    session = auth.session_behind(state) if rules else None
    for name, rule in rules.items():
        key = name + FIELD_MARKER
        if key in own and not rule.allows(session, auth.clock):
            if inspect.iscoroutine(own[key]):
                own[key].close()
            own[key] = _nothing(type(state), name)
    return told


def _nothing(state: type[BaseState], name: str) -> Any:
    """What a var shows to those who may not see it: its value before anything was set."""
    if name in state.base_vars:
        return state.__fields__[name].default_value()
    computed = state.computed_vars[name]
    if not isinstance(computed._initial_value, Unset):
        return computed._initial_value
    return get_default_value_for_type(computed._var_type)
