"""The endpoints of an app in the process of the tests, with a frozen clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from authdemo.sessions.core.audit import AuditEvent
from authdemo.sessions.core.events import Events
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.http.api import Api
from authdemo.sessions.http.context import RequestContexts
from authdemo.sessions.http.outermost import Origins
from authdemo.sessions.http.router import plain_text
from authdemo.sessions.providers import http_client
from authdemo.testing import FrozenClock
from authdemo.testing.browser import AS_CLIENT
from tests.oidc.steps import query_of
from tests.support.house import SECRET

HOME = "http://localhost"


@dataclass
class House:
    """The app and its audit trail.

    Attributes:
        engine: Its sessions.
        clock: Its clock.
        visitor: A browser that nobody has used yet.
        audited: What is in its audit trail.
    """

    engine: Engine
    clock: FrozenClock
    visitor: httpx.AsyncClient
    audited: list[AuditEvent]

    async def post(self, path: str) -> httpx.Response:
        """Send a form as Auth.js's client does."""
        token = (await self.visitor.get("/api/auth/csrf")).json()["csrfToken"]
        form = {"csrfToken": token, "callbackUrl": "/"}
        return await self.visitor.post(f"/api/auth/{path}", data=form, headers=AS_CLIENT)

    async def go(self, provider: str) -> dict[str, str]:
        """Go to a provider, and return the query that it gets."""
        return query_of((await self.post(f"signin/{provider}")).json()["url"])

    async def oauth_callback(self, provider: str, answer: dict[str, str]) -> httpx.Response:
        """Come back from a provider with its answer."""
        return await self.visitor.get(f"/api/auth/callback/{provider}", params=answer)

    async def last_audited(self) -> AuditEvent:
        """Return the last entry of the audit trail."""
        await self.engine.trail.flush()
        return self.audited[-1]


@asynccontextmanager
async def open_house(
    folder: Path,
    *providers: Any,
    secrets: Sequence[str] = (SECRET,),
    also: Sequence[str] = (),
    **more: Any,
) -> AsyncIterator[House]:
    """Open an app that signs in at some providers."""
    audited: list[AuditEvent] = []
    clock = FrozenClock()
    engine = Engine(
        providers=providers,
        settings=Settings(keys=KeyRing(secrets), data_dir=folder),
        events=Events(audit=audited.append),
        clock=clock,
        **more,
    )
    patch = pytest.MonkeyPatch()
    patch.setattr(http_client, "monotonic", clock)
    await engine.sessions.store.open()
    endpoints = Api(engine, RequestContexts(engine, Origins(None, also=also)))
    transport = httpx.ASGITransport(endpoints.before(plain_text("", 404)))
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as visitor:
        yield House(engine, clock, visitor, audited)
    await engine.sessions.store.close()
    patch.undo()
