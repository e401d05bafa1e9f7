"""An administrator who acts as a user changes nothing of the user's account."""

from __future__ import annotations

import importlib
import pkgutil
import time
from datetime import UTC, datetime
from typing import Any

from reflex.state import BaseState

import authdemo.accounts
from authdemo.sessions import Session
from authdemo.sessions.core.record import Actor
from authdemo.sessions.reflex.compat import registered_states
from authdemo.sessions.reflex.protected import Guards
from tests.accounts.conftest import ADA

ACTS_BY_TOKEN = {
    "ForgotState",
    "PasskeySignInState",
    "ResetState",
    "SignInLinkState",
    "VerifyState",
}
"""States for visitors without a session: they ask for no user of one, or not for an actor's."""

OPEN = {
    "EmailState.clear",
    "PasskeyConfirmState.look",
    "PasskeysState.look",
    "SecondFactorState.look",
}
"""Event handlers that only read."""


def states() -> dict[str, type[BaseState]]:
    """Find the states of all modules of accounts."""
    for module in pkgutil.iter_modules(authdemo.accounts.__path__):
        if module.name != "__main__":
            importlib.import_module(f"{authdemo.accounts.__name__}.{module.name}")
    prefix = f"{authdemo.accounts.__name__}."
    return {
        each.__name__: each for each in registered_states() if each.__module__.startswith(prefix)
    }


def session(**fields: Any) -> Session[Any]:
    now = datetime.now(UTC)
    own: dict[str, Any] = {"id": "1", "user": ADA, "expires": now, "rev": 1, "claims": {}}
    return Session(**own, authenticated_at=now, level=2, **fields)


def test_each_handler_is_closed_to_an_actor_unless_it_only_reads() -> None:
    actor = Actor(id="grace", name="Grace", reason="Ticket 1", since=0, until=0)
    acting, guards = session(actor=actor), Guards(None)
    opened, closed, found = set[str](), set[str](), states()
    assert found.keys() >= ACTS_BY_TOKEN
    for name in found.keys() - ACTS_BY_TOKEN:
        for handler_name, handler in found[name].event_handlers.items():
            rule = guards.of_event(found[name], handler)
            assert rule is not None, f"{name}.{handler_name} is open to everybody"
            assert rule.allows(session(), time.time), "the user may do it"
            (opened if rule.allows(acting, time.time) else closed).add(f"{name}.{handler_name}")
    assert opened == OPEN
    assert closed >= {"SecondFactorState.forget", "PasskeysState.rename", "EmailState.verify"}
