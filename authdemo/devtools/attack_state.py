"""*Attacks*: altered requests to this server, and how it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import reflex as rx

from authdemo.forgery import RealToken
from authdemo.sessions import Auth, AuthError, NotAuthenticated

from .access import require_access
from .attack_runner import AttackRunner
from .attacks import ATTACKS


async def runner_for(state: rx.State) -> AttackRunner:
    """Prepare attacks on the session of the running event."""
    await require_access(state)
    auth = Auth.installed()

    async def stored() -> str:
        session = await auth(state)
        if session is None:
            raise NotAuthenticated
        listed = await auth.sessions_of(session.user.id, history=True)
        return str((session.user, session.claims, [each.history for each in listed]))

    origin = auth.origin(state)
    names = auth.engine.installation.cookie_names(origin)
    return AttackRunner(
        app=auth.engine.installation.stack,
        origin=origin,
        session_cookie=names.session,
        csrf_cookie=names.csrf,
        device=auth.device(state),
        token=RealToken(await auth.session_token(state), auth.engine.settings.keys.signer),
        verify=auth.verify_token,
        stored=stored,
    )


class AttacksState(rx.State):
    """The outcomes of a tab's attacks; no credential is among them."""

    outcomes: rx.Field[dict[str, dict[str, Any]]] = rx.field(default_factory=dict)
    pending: rx.Field[list[str]] = rx.field(default_factory=list)
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    async def run(self, key: str) -> AsyncIterator[None]:
        """Run one attack."""
        async for _ in self._run_each(key):
            yield

    @rx.event
    async def run_all(self) -> AsyncIterator[None]:
        """Run all attacks, one after the other."""
        async for _ in self._run_each(*ATTACKS):
            yield

    async def _run_each(self, *keys: str) -> AsyncIterator[None]:
        self.error, self.pending = {}, list(keys)
        self.outcomes = {key: each for key, each in self.outcomes.items() if key not in keys}
        yield
        try:
            while self.pending:
                key = self.pending[0]
                runner = await runner_for(self)
                self.outcomes[key] = await runner.run(key)
                self.pending = self.pending[1:]
                yield
        except AuthError as error:
            self.error = error.to_dict()
        finally:
            self.pending = []
