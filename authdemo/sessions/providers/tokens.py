"""Access tokens for the providers' APIs: encrypted in the session record, refreshed when due."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import KW_ONLY, dataclass, field
from functools import partial

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..core.errors import (
    ConfigurationError,
    NotAuthenticated,
    OAuthCallbackError,
    ProviderTokenUnavailable,
    StoreUnavailable,
)
from ..core.keys import KeyRing
from ..core.record import ProviderSession, SessionRecord
from ..core.sessions import SessionService
from ..core.utils import Clock, new_id, public_id
from .base import RedirectProvider, TokenResponse
from .http_client import GrantRejected

logger = logging.getLogger("authdemo.sessions")

MARGIN = 30
"""Seconds before its expiry when an access token is refreshed: requests take time."""

LEASE = 45.0
"""How long one worker may refresh: two requests to the provider, and `SAVE_SECONDS`."""

SAVE_SECONDS = 20
"""How long a refreshed token is offered to a store that can't be reached."""

_RETRY_SECONDS = 0.1
_MAX_LIFETIME = 1e9
_PURPOSE = "provider tokens"


class TokenSet(BaseModel):
    """The tokens of a user (RFC 6749 appendix A.12 and A.17)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    access_token: str = Field(repr=False, pattern=r"^[ -~]+$", max_length=8192)
    refresh_token: str = Field(default="", repr=False, pattern=r"^[ -~]*$", max_length=8192)
    expires_at: float | None = None

    @classmethod
    def read(cls, response: TokenResponse, *, now: float, refresh_token: str = "") -> TokenSet:
        """Read a response; without a new refresh token the old one stays valid."""
        is_bearer = str(response.get("token_type")).lower() == "bearer"
        try:
            if is_bearer:
                return cls(
                    access_token=response["access_token"],
                    refresh_token=response.get("refresh_token") or refresh_token,
                    expires_at=_expiry(response.get("expires_in"), now),
                )
        except ValidationError:  # whose cause would hold the token
            pass
        raise OAuthCallbackError("The provider's access token is invalid.", reason="token")

    def is_valid(self, at: float) -> bool:
        """Whether the access token hasn't expired then; without an expiry it never does."""
        return self.expires_at is None or at < self.expires_at


def _expiry(seconds: object, now: float) -> float | None:
    try:
        lifetime = float(str(seconds))
    except ValueError:
        return None
    return now + min(lifetime, _MAX_LIFETIME) if lifetime >= 0 else None


@dataclass(frozen=True, eq=False)
class ProviderTokens:
    """Keeps and refreshes the tokens of each session; one worker refreshes for all."""

    sessions: SessionService
    keys: KeyRing
    _: KW_ONLY
    clock: Clock
    _refreshing: dict[str, asyncio.Task[str]] = field(default_factory=dict, init=False)

    def add_to(
        self, session: ProviderSession, provider_id: str, response: TokenResponse
    ) -> ProviderSession:
        """Add the tokens of a sign-in to the session that begins."""
        tokens = TokenSet.read(response, now=self.clock())
        sealed = self._encrypt(tokens, provider_id, session.subject)
        return session.model_copy(update={"tokens": sealed})

    async def get(self, record: SessionRecord, provider: object) -> str:
        """Return a valid access token, after refreshing it if that is due."""
        if not isinstance(provider, RedirectProvider) or not provider.store_tokens:
            name = getattr(provider, "id", provider)
            raise ConfigurationError(
                f"The provider {name!r} keeps no tokens. Pass store_tokens=True to it."
            )
        if current := self._current(self._read(record, provider)):
            return current
        task = self._refreshing.get(record.id)
        if task is None:
            # A task of its own: what the provider issued is saved, even if the event is cancelled.
            task = asyncio.create_task(self._refresh(record.id, provider))
            self._refreshing[record.id] = task
            task.add_done_callback(lambda done: self._forget(record.id, done))
        return await asyncio.shield(task)

    def _forget(self, sid: str, done: asyncio.Task[str]) -> None:
        self._refreshing.pop(sid, None)
        if not done.cancelled():
            done.exception()  # so that asyncio doesn't complain if nobody waits

    def _read(self, record: SessionRecord, provider: RedirectProvider) -> TokenSet:
        session = record.provider_session
        if record.provider != provider.id or session is None:
            raise ProviderTokenUnavailable(reason="other", values={"name": provider.name})
        if not session.tokens:
            raise ProviderTokenUnavailable(reason="missing")
        context = _context(provider.id, session.subject)
        data = self.keys.decrypt(_PURPOSE, session.tokens, context)
        if data is None:
            raise ProviderTokenUnavailable(reason="undecipherable")
        return TokenSet.model_validate_json(data)

    def _current(self, tokens: TokenSet) -> str | None:
        """Return the access token, unless it is due to be refreshed."""
        if tokens.is_valid(self.clock() + (MARGIN if tokens.refresh_token else 0)):
            return tokens.access_token
        if not tokens.refresh_token:
            raise ProviderTokenUnavailable(reason="expired")
        return None

    def _encrypt(self, tokens: TokenSet, provider_id: str, subject: str) -> str:
        data = tokens.model_dump_json().encode()
        return self.keys.encrypt(_PURPOSE, data, _context(provider_id, subject))

    async def _refresh(self, sid: str, provider: RedirectProvider) -> str:
        async with self._lease(sid):
            record = await self.sessions.find(sid)
            if record is None:
                raise NotAuthenticated
            tokens = self._read(record, provider)
            if current := self._current(tokens):  # another worker was faster
                return current
            try:
                return await self._exchange(record, provider, tokens)
            except GrantRejected as error:
                await self._save(record, "")
                raise ProviderTokenUnavailable(reason="revoked") from error
            except OAuthCallbackError as error:
                if tokens.is_valid(self.clock()):
                    return tokens.access_token
                logger.warning("%r gives no new access token (%s).", provider.id, error.reason)
                reason = "unreachable" if error.reason == "unreachable" else "refused"
                raise ProviderTokenUnavailable(reason=reason) from error

    async def _exchange(
        self, record: SessionRecord, provider: RedirectProvider, tokens: TokenSet
    ) -> str:
        subject = record.provider_session.subject if record.provider_session else ""
        response = await provider.refresh(tokens.refresh_token, subject=subject)
        new = TokenSet.read(response, now=self.clock(), refresh_token=tokens.refresh_token)
        await self._save(record, self._encrypt(new, provider.id, subject))
        return new.access_token

    async def _save(self, record: SessionRecord, sealed: str) -> None:
        """Save what the provider issues only once, also if the store is away for a while."""
        expected = record.provider_session.tokens if record.provider_session else ""
        now = asyncio.get_running_loop().time
        deadline = now() + SAVE_SECONDS
        replace = partial(_replace, tokens=sealed, expected=expected, at=self.clock())
        while True:
            try:
                await self.sessions.amend(record.id, replace)
            except StoreUnavailable:
                if now() > deadline:
                    raise
                await asyncio.sleep(_RETRY_SECONDS)
            else:
                return

    @asynccontextmanager
    async def _lease(self, sid: str) -> AsyncIterator[None]:
        store, key, holder = self.sessions.store, f"provider-tokens-{public_id(sid)}", new_id()
        try:
            async with asyncio.timeout(LEASE):
                begin = partial(store.begin_attempt, key, holder, window=LEASE, limit=1)
                while True:
                    if await begin(at=self.clock()) is None:
                        break
                    await asyncio.sleep(_RETRY_SECONDS)
        except TimeoutError as error:
            raise ProviderTokenUnavailable(reason="unreachable") from error
        try:
            yield
        finally:
            with suppress(StoreUnavailable):  # the lease ends by itself
                await store.end_attempt(key, holder, failed=False)


def _replace(
    record: SessionRecord, *, tokens: str, expected: str, at: float
) -> SessionRecord | None:
    """Replace a session's encrypted tokens, unless they have changed."""
    there = record.provider_session
    if there is None or there.tokens != expected:
        return None
    new = {
        "provider_session": there.model_copy(update={"tokens": tokens}),
        "last_seen_at": record.last_seen_at,
    }
    return record.changed("provider-tokens", {}, at=at, device=None, **new)


def _context(provider_id: str, subject: str) -> str:
    """Bind encrypted tokens to their user."""
    return json.dumps([provider_id, subject])
