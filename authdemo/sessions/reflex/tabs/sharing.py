"""States that tabs share with others (`rx.SharedState`), and how a tab lets go of them."""

from __future__ import annotations

from reflex.istate.shared import SharedStateBaseInternal
from reflex.state import BaseState, State


async def let_go(root: BaseState) -> None:
    """Have a tab share nothing any more; what it shared is left to the others as it is.

    Reflex lends a tab the states that it shares for as long as an event runs. They go back
    now, so that the tab's own ones are in their place at once.

    Args:
        root: The tab's root state, whose lock the caller holds.
    """
    if not isinstance(root, State) or not root._reflex_internal_links:
        return
    lender = await root.get_state(SharedStateBaseInternal)
    for state in lender._held_locks_linked_states():
        state._linked_from.discard(root.rx_router_session.client_token)
    if lender._exit_stack is not None:
        await lender._exit_stack.aclose()
    lender._held_locks = {}
    root._reflex_internal_links = {}
