"""All states of a tab: Redis gives an event, or a push, only the branch that it asks for."""

from __future__ import annotations

import reflex as rx
from reflex.istate.manager.redis import StateManagerRedis
from reflex.state import BaseState
from reflex_base.event.context import EventContext


async def grow(state: BaseState) -> None:
    """Have all states of a tab at hand, also those that stayed in Redis.

    Args:
        state: Any state of the tab, whose lock the caller holds.
    """
    root, context = state._get_root_state(), EventContext.get()
    if isinstance(context.state_manager, StateManagerRedis):
        token = rx.BaseStateToken(ident=context.token, cls=type(root))
        await context.state_manager.get_state(token, for_state_instance=root)
