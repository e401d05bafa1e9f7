"""What a tab shows of its experiments; the experiments themselves run on the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import reflex as rx

from authdemo.sessions import Auth, AuthError

from .experiments import EXPERIMENTS
from .runner import Workshop


@cache
def _workshop(auth: Auth[Any]) -> Workshop:
    return Workshop(auth.engine, auth.engine.installation.stack)


class WorkshopState(rx.State):
    """The outcomes of a tab's experiments; no credential is among them."""

    outcomes: rx.Field[dict[str, dict[str, Any]]] = rx.field(default_factory=dict)
    pending: bool = False
    tried: int = 0
    held: int = 0
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    async def run(self, key: str) -> AsyncIterator[None]:
        """Run one experiment."""
        async for _ in self._run_each(key):
            yield

    @rx.event
    async def run_all(self) -> AsyncIterator[None]:
        """Run all experiments, one after the other."""
        async for _ in self._run_each(*EXPERIMENTS):
            yield

    async def _run_each(self, *keys: str) -> AsyncIterator[None]:
        self.pending, self.error, self.tried, self.held = True, {}, 0, 0
        yield
        try:
            for key in keys:
                await self._run_one(key)
                yield
        except AuthError as error:
            self.error = error.to_dict()
        finally:
            self.pending = False

    async def _run_one(self, key: str) -> None:
        auth = Auth.installed()
        connection, record = await auth.engine.require_record()
        outcome = await _workshop(auth).run(
            key, sid=record.id, base_url=connection.base_url, device=connection.device
        )
        self.outcomes[key] = outcome
        self.tried += 1
        self.held += outcome["held"]
