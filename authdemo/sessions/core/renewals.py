"""How a session that is used lives on (Auth.js: `updateAge`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import KW_ONLY, dataclass

from .errors import StoreUnavailable
from .events import Feed, SessionChanged
from .lookup import Verified
from .record import Device, SessionRecord
from .settings import SessionOptions
from .store import SessionStore
from .utils import Clock


@dataclass(frozen=True, eq=False)
class Renewals:
    """Extends the lives of sessions that are used, each once in a while."""

    _: KW_ONLY
    store: SessionStore
    find: Callable[[str], Awaitable[SessionRecord | None]]
    feed: Feed
    options: SessionOptions
    clock: Clock

    def should_renew(self, record: SessionRecord) -> bool:
        """Tell whether a session that is used has not been extended for long enough."""
        return self._is_old(record.renewed)

    def is_current(self, verified: Verified) -> bool:
        """Tell whether a token shows its session as it is, and both are young enough."""
        claims, record = verified.claims, verified.record
        is_old = self._is_old(claims.iat) or self._is_old(record.renewed)
        return claims.rev == record.rev and not is_old

    def token_is_stale(self, verified: Verified, record: SessionRecord) -> bool:
        """Tell whether a token should be minted anew; reads with a better one do not mint."""
        claims = verified.claims
        ends_sooner = self._is_old(claims.iat) and claims.exp < int(record.expires)
        return record is not verified.record or claims.rev != record.rev or ends_sooner

    async def extend(
        self, record: SessionRecord, *, device: Device | None = None
    ) -> SessionRecord | None:
        """Extend a session's life if that is due, since somebody uses it."""
        if not self.should_renew(record):
            return record
        now = self.clock()
        extended = record.renewal(now + self.options.max_age, at=now, device=device)
        try:
            ordered = await self.store.replace(extended, expected=record)
            if ordered is None:
                return await self.find(record.id)
            await ordered.durable()
        except StoreUnavailable:
            return record
        self.feed.publish(SessionChanged(extended, {}))
        return extended

    def _is_old(self, since: float) -> bool:
        return self.clock() - since >= self.options.update_age
