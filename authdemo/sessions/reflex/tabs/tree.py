"""All states of a tab: Redis gives an event, or a push, only the branch that it asks for.

It forgets each of them an hour after it was last written, the one that says whose the tab is
no later and no sooner than any other.
"""

from __future__ import annotations

from typing import TypeVar

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis
from reflex.state import BaseState
from reflex_base.event.context import EventContext

from .sharing import let_go
from .state import SessionState

StateType = TypeVar("StateType", bound=BaseState)


async def hand_over(state: BaseState, *, owner: str | None, sid: str) -> None:
    """Let nobody inherit what the one before them saw in a tab, or did there.

    All its states go back to the beginning, unless they are its owner's, or were nobody's. What
    it shared with other tabs is theirs.

    Args:
        state: Any state of the tab, whose lock the caller holds.
        owner: The id of the session that it belonged to; empty for nobody's, None if that is
            not known.
        sid: The id of the session that it belongs to now; empty for nobody's.
    """
    if owner in ("", sid):
        return
    root = state._get_root_state()
    await let_go(root)
    await _grow(root)
    substates = root.substates.values()
    if owner is None and not any(map(_holds_something, substates)):
        return
    for substate in substates:
        substate.reset()


async def stored(app: rx.App, tab: str, state: type[StateType]) -> StateType:
    """Read a state of a tab as it was last stored, without waiting for events that run there."""
    root = await app.state_manager.get_state(rx.BaseStateToken(ident=tab, cls=state))
    found = root.get_substate(state.get_full_name().split("."))
    assert isinstance(found, state)  # noqa: S101 - for mypy
    return found


async def holds_something(app: rx.App, name: str) -> bool:
    """Tell whether a tab, or a shared state, is more than what a new tab begins with."""
    root = await app.state_manager.get_state(rx.BaseStateToken(ident=name, cls=rx.State))
    return any(map(_holds_something, root.substates.values()))


async def _grow(root: BaseState) -> None:
    """Have all states of the tab at hand, also those that stayed in Redis."""
    context = EventContext.get()
    if isinstance(context.state_manager, StateManagerRedis):
        token = rx.BaseStateToken(ident=context.token, cls=type(root))
        await context.state_manager.get_state(token, for_state_instance=root)


def _holds_something(state: BaseState) -> bool:
    """Tell whether a state is more than what a new tab begins with."""
    if isinstance(state, SessionState):
        return False
    return bool(vars(state)) or any(map(_holds_something, state.substates.values()))
