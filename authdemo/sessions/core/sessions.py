"""What can happen to a session: here, and in the modules beside this one, and nowhere else.

A button in the browser, an event handler in Python and an HTTP request all end
up here, and the token, the JSON and the live view follow from what is done here.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from .audit import AuditEvent, AuditTrail
from .authorship import ClaimsBuilder
from .callbacks import Account, Callbacks
from .endings import Endings
from .errors import AccessDenied, AuthError, NotAuthenticated, RevisionConflict, StoreUnavailable
from .events import Events, Feed, SessionBegan, SessionChanged, tell
from .fitting import SchemaMigrator
from .lookup import Lookup
from .one_time import LoginInvalidation
from .record import Device, HistoryEntry, ProviderSession, SessionRecord, changes
from .renewals import Renewals
from .revisions import Revisions, UpdateResult
from .schema import Author, UserSchema
from .serializers import Serializers
from .settings import SessionOptions
from .store import SessionStore
from .tokens import TokenCodec
from .users import User
from .utils import Clock, new_id, system_clock


class Sessions(Lookup):
    """The transitions of sessions: begin, update, end."""

    def __init__(
        self,
        *,
        store: SessionStore,
        tokens: TokenCodec,
        schema: UserSchema,
        options: SessionOptions,
        callbacks: Callbacks,
        events: Events,
        trail: AuditTrail | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self.faces = Serializers(tokens=tokens, schema=schema, callbacks=callbacks, clock=clock)
        self.feed = Feed()
        self.schema = schema
        self._options = options
        self._events = events
        self._trail = trail or AuditTrail()
        endings = Endings(
            store=store, faces=self.faces, feed=self.feed, events=events, trail=self._trail
        )
        super().__init__(
            store=store, tokens=tokens, endings=endings, fitting=SchemaMigrator(schema), clock=clock
        )
        self._invalidation = LoginInvalidation(store, clock=clock)
        self._authorship = ClaimsBuilder(callbacks, schema)
        self.renewals = Renewals(
            store=store, find=self.find, feed=self.feed, options=options, clock=clock
        )
        self._revisions = Revisions(
            store=store,
            newest=self.newest,
            end=self.revoke,
            faces=self.faces,
            authorship=self._authorship,
            fitting=self._fitting,
            options=options,
            clock=clock,
        )

    async def sign_in(
        self,
        user: User,
        account: Account,
        *,
        began: float | None = None,
        device: Device | None = None,
        replaces: SessionRecord | None = None,
        provider_session: ProviderSession | None = None,
    ) -> SessionRecord:
        """Begin a session."""
        now = self._clock()
        contents = await self._authorship.for_sign_in(user, account)
        if contents is None:
            raise AccessDenied
        fields, claims = contents
        record = SessionRecord(
            id=new_id(),
            rev=1,
            user=fields,
            claims=claims,
            provider=account.provider,
            created=now,
            renewed=now,
            expires=now + min(self._options.max_age, self._options.absolute_age),
            ends=now + self._options.absolute_age,
            last_seen=now,
            device=device or Device(),
            provider_session=provider_session,
            latest=_sign_in(fields, now, device),
        )
        self.faces.check_size(record)
        session = await self.faces.public(record)
        await self.store.create(record)
        await self._check_proof(record, began)
        self.feed.publish(SessionBegan(record.user_id))
        entry = AuditEvent(kind="sign-in", provider=account.provider)
        self._trail.add(entry, record=record, device=device)
        if replaces is not None:
            await self._endings.end(replaces.id, "replaced", device)
        await self._make_room(record)
        await tell(self._events.sign_in, session=session, account=account)
        return record

    async def update(
        self,
        sid: str,
        asked: object,
        *,
        author: Author,
        is_used: bool = True,
        if_rev: Collection[int] | None = None,
        device: Device | None = None,
    ) -> SessionRecord:
        """Change some fields of the user, as `revise` does."""
        revised = await self.revise(
            sid, asked, author=author, is_used=is_used, if_rev=if_rev, device=device
        )
        return revised.record

    async def revise(
        self,
        sid: str,
        asked: object,
        *,
        author: Author,
        is_used: bool = True,
        if_rev: Collection[int] | None = None,
        device: Device | None = None,
        known: SessionRecord | None = None,
    ) -> UpdateResult:
        """Change some fields of the user, all of them or none."""

        def accept(record: SessionRecord) -> dict[str, Any]:
            if if_rev is not None and record.rev not in if_rev:
                raise RevisionConflict(record.rev)
            return self.schema.accept(record.user, asked, author)

        revised = await self._revisions.advance(
            sid, accept, author, is_used=is_used, device=device, known=known
        )
        await self._tell_of(revised, device)
        is_done = revised.is_new or not is_used
        return revised if is_done else await self._in_use(revised, device)

    async def refresh(self, user: User) -> list[SessionRecord]:
        """Bring all of a user's sessions in line with what the app knows of the user now.

        The fields that clients may change stay as they are: those live in the session. A
        sign-in that is under way has to begin again. Nobody uses the sessions by it: they end
        when they would have ended.
        """
        await self._invalidation.invalidate(user.id)

        def accept(record: SessionRecord) -> dict[str, Any]:
            return self.schema.server_owned_changes(record.user, user)

        refreshed = []
        for record in await self.of_user(user.id):
            with suppress(NotAuthenticated):  # it has just ended by itself
                revised = await self._revisions.advance(record.id, accept, "refresh", is_used=False)
                await self._tell_of(revised, None)
                refreshed.append(revised.record)
        return refreshed

    async def confirm(self, sid: str, *, device: Device | None = None) -> SessionRecord:
        """Remember that a session's user has just proved again who they are."""
        while True:
            newest = await self.newest(sid)
            if newest.record is None:
                await newest.durable()
                raise NotAuthenticated
            confirmed = newest.record.confirmation(at=self._clock(), device=device)
            ordered = await self.store.replace(confirmed, expected=newest.record)
            if ordered is not None:
                break
        await ordered.durable()
        self.feed.publish(SessionChanged(confirmed, {}))
        self._trail.add(AuditEvent(kind="confirmed"), record=confirmed, device=device)
        return confirmed

    async def sign_out(self, sid: str, *, device: Device | None = None) -> None:
        """End a session because its user asks for it."""
        await self._endings.end(sid, "signed-out", device)

    async def revoke(self, sid: str, *, device: Device | None = None) -> None:
        """End a session whether or not its user wants it."""
        await self._endings.end(sid, "revoked", device)

    async def revoke_user(
        self, user_id: str, *, but: str | None = None, device: Device | None = None
    ) -> int:
        """End all of a user's sessions, or all but one, and the sign-ins that are under way."""
        await self._invalidation.invalidate(user_id)
        ended = [record for record in await self.of_user(user_id) if record.id != but]
        for record in ended:
            await self.revoke(record.id, device=device)
        return len(ended)

    async def sweep(self) -> int:
        """Forget the sessions whose time is over.

        The audit trail gets one entry for all of them: there may be very many at once.
        """
        count = await self.store.sweep(self._clock())
        if count:
            self._trail.add(AuditEvent(kind="swept", reason="expired", count=count))
        return count

    async def _check_proof(self, record: SessionRecord, began: float | None) -> None:
        """Take a session back whose user may not come in: once it is kept, nothing can pass by."""
        if began is None:
            return
        try:
            await self._invalidation.check(record.user_id, began)
        except AuthError:
            with suppress(StoreUnavailable):  # nobody has its token
                await self.store.delete(record.id)
            raise

    async def _in_use(self, unchanged: UpdateResult, device: Device | None) -> UpdateResult:
        """Extend a session for which nothing was changed, as one that is read is extended."""
        record = await self.renewals.extend(unchanged.record, device=device)
        if record is None:
            raise NotAuthenticated
        return unchanged if record is unchanged.record else await self._revisions.show(record)

    async def _tell_of(self, revised: UpdateResult, device: Device | None) -> None:
        """Tell everyone concerned of a new revision."""
        if not revised.is_new:
            return
        record, changed = revised.record, revised.record.latest.changes
        self.feed.publish(SessionChanged(record, changed))
        entry = AuditEvent(kind="update", fields=tuple(changed), author=record.latest.cause)
        self._trail.add(entry, record=record, device=device)
        if self._events.update_user is not None:
            session = await self.faces.public(record)
            await tell(self._events.update_user, session=session, changes=changed)

    async def _make_room(self, newest: SessionRecord) -> None:
        """End a user's oldest sessions if there are more than the app allows.

        The one that has just begun stays, even if a clock that stepped back dates it before others.
        """
        most = self._options.max_sessions_per_user
        if most is not None:
            others = [each for each in await self.of_user(newest.user_id) if each.id != newest.id]
            for record in others[most - 1 :]:
                await self.revoke(record.id)


def _sign_in(fields: dict[str, Any], at: float, device: Device | None) -> HistoryEntry:
    tab = device.tab if device else ""
    return HistoryEntry(rev=1, at=at, cause="sign-in", changes=changes({}, fields), tab=tab)
