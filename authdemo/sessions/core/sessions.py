"""The session service, the only writer of records: token, JSON and view follow from them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

from .audit import AuditEvent, AuditTrail
from .authentication import level_of
from .callbacks import Account
from .errors import (
    AccessDenied,
    AuthError,
    NotAuthenticated,
    RevisionConflict,
    StoreUnavailable,
    TokenError,
    TokenTooLarge,
    UpdateRejected,
)
from .events import EndReason, Events, Feed, SessionBegan, SessionChanged, SessionEnded, notify
from .one_time import check_login, invalidate_logins
from .options import SessionOptions
from .record import (
    Actor,
    Bearer,
    Cause,
    Change,
    Device,
    HistoryEntry,
    ProviderSession,
    SessionRecord,
    UpdateResult,
    changes,
)
from .schema import Author, IncompatibleUser, SchemaMigration, User, UserSchema
from .serializers import Serializers, copied
from .store import Ordered, SessionStore
from .tokens import Verified
from .utils import Clock, KeyedLocks, iso, new_id, wait_for

BeforeUpdate: TypeAlias = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, eq=False, kw_only=True)
class SessionService:
    """Begins, finds, changes and ends sessions.

    A session is active until it ends or expires. One that has expired, or whose user doesn't
    match the app's user model any more, ends when it is found.
    """

    store: SessionStore
    serializers: Serializers
    schema: UserSchema
    options: SessionOptions
    events: Events
    trail: AuditTrail
    clock: Clock
    feed: Feed = field(default_factory=Feed)
    _locks: KeyedLocks = field(default_factory=KeyedLocks, init=False)

    @cached_property
    def _migration(self) -> SchemaMigration:
        return SchemaMigration(self.schema)

    async def begin(
        self,
        user: User,
        account: Account,
        *,
        started_at: float | None = None,
        device: Device | None = None,
        replaces: SessionRecord | None = None,
        provider_session: ProviderSession | None = None,
        bearer: Bearer | None = None,
        actor: Actor | None = None,
        actor_sid: str = "",
        max_age: int | None = None,
        amr: tuple[str, ...] = (),
        is_remembered: bool = True,
        name: str = "",
    ) -> SessionRecord:
        """Begin a session, unless the sign-in that started then was invalidated meanwhile."""
        contents = await self.serializers.build_for_sign_in(user, account)
        if contents is None:
            raise AccessDenied
        fields, claims = contents
        now, changed = self.clock(), changes({}, fields)
        tab = device.tab if device else ""
        life = max_age or self.options.absolute_age
        record = SessionRecord(
            id=new_id(),
            rev=1,
            user=fields,
            user_schema=self.schema.fingerprint,
            claims=claims,
            provider=account.provider,
            created_at=now,
            renewed_at=now,
            expires_at=now + (max_age or min(self._age(is_remembered=is_remembered), life)),
            absolute_expires_at=now + life,
            last_seen_at=now,
            device=device or Device(),
            provider_session=provider_session,
            bearer=bearer,
            is_remembered=is_remembered,
            name=name,
            amr=amr,
            level=level_of(amr),
            actor=actor,
            actor_sid=actor_sid,
            last_change=HistoryEntry(rev=1, at=now, cause="sign-in", changes=changed, tab=tab),
        )
        self.serializers.issue_token(record)  # fails if no cookie can hold it
        session = await self.serializers.to_public(record)
        await self.store.create(record)
        if started_at is not None:
            await self._check_login(record, started_at)
        self._migration.remember(record)
        self.feed.publish(SessionBegan(record.user_id))
        entry = AuditEvent(kind="sign-in", provider=account.provider)
        if actor is not None:
            entry = AuditEvent(kind="impersonated", detail=actor.reason)
        self.trail.add(entry, record=record, device=device)
        if replaces is not None:
            await self.end(replaces.id, "replaced", device=device)
        await self._enforce_max_sessions(record)
        await notify(self.events.sign_in, session=session, account=account)
        return record

    async def verify(self, token: str) -> Verified:
        """Verify a token and find its session. Never show the error to the token's bearer."""
        claims = self.serializers.tokens.decode(token)
        record = await self.find(claims.sid)
        if record is None or record.bearer is not None:
            raise TokenError("The token's session has ended.", reason="session")
        if record.user["id"] != claims.sub:
            raise TokenError("The token's session belongs to another user.", reason="owner")
        return Verified(token, claims, record)

    async def find(self, sid: str) -> SessionRecord | None:
        record = await self.store.get(sid)
        if record is None:
            return None
        if record.actor is not None and not await self._has_actor(record):
            await self.end(sid, "revoked")
            return None
        if record.expires_at > self.clock():
            return await self._migrate(record)
        newest = await self._find_newest(sid)  # a pending commit may have extended it
        await wait_for(newest.commit)
        return newest.record

    async def list_by_user(self, user_id: str) -> list[SessionRecord]:
        """List a user's active sessions, newest first."""
        return await self._select_active(await self.store.of_user(user_id))

    async def list_by_provider_id(self, provider_id: str) -> list[SessionRecord]:
        """List the active sessions that have one of a provider's ids; see `provider_id`."""
        return await self._select_active(await self.store.of_provider_id(provider_id))

    async def update(
        self,
        sid: str,
        requested: object,
        *,
        author: Author,
        extend: bool = True,
        if_rev: Collection[int] | None = None,
        device: Device | None = None,
        known: SessionRecord | None = None,
        before: BeforeUpdate | None = None,
    ) -> UpdateResult:
        """Change some fields of the user, all of them or none.

        `before` gets the user as they will be; if it raises, nothing changes. `known` is the
        record that was found a moment ago, so that it needn't be found again.
        """

        def accept(record: SessionRecord) -> dict[str, Any]:
            if if_rev is not None and record.rev not in if_rev:
                raise RevisionConflict(record.rev)
            return self.schema.accept(record.user, requested, author)

        result = await self._update(
            sid, accept, author, extend=extend, device=device, known=known, before=before
        )
        if result.is_new or not extend:
            return result
        record = await self.renew(result.record, device=device)
        if record is None:
            raise NotAuthenticated
        return result if record is result.record else await self._to_result(record)

    def should_renew(self, record: SessionRecord) -> bool:
        """Whether a session in use is due for an extension (Auth.js: `updateAge`)."""
        return self._is_old(record.renewed_at)

    async def renew(
        self, record: SessionRecord, *, device: Device | None = None
    ) -> SessionRecord | None:
        """Extend a session in use, if that is due; None if it has ended."""
        if not self.should_renew(record):
            return record
        now = self.clock()
        expires = self._expiry(record, now)
        if expires == record.expires_at:
            # No new version: whichever change wins, the session is only renewed once more.
            renewed = record.model_copy(update={"renewed_at": now, "last_seen_at": now})
        else:
            change = {"expires": Change(old=iso(record.expires_at), new=iso(expires))}
            new = {"renewed_at": now, "expires_at": expires}
            renewed = record.changed("renewal", change, at=now, device=device, **new)
        try:
            ordered = await self.store.replace(renewed, expected=record)
            if ordered is None:
                return await self.find(record.id)
            await wait_for(ordered.commit)
        except StoreUnavailable:
            return record
        self._migration.remember(renewed)
        self.feed.publish(SessionChanged(renewed, {}))
        return renewed

    def is_token_stale(self, verified: Verified, record: SessionRecord) -> bool:
        """Whether a session's reader needs a new token."""
        claims = verified.claims
        ends_sooner = self._is_old(claims.iat) and claims.exp < int(record.expires_at)
        return record is not verified.record or claims.rev != record.rev or ends_sooner

    async def refresh(
        self, user: User, *, names: AbstractSet[str] = frozenset(), except_id: str = ""
    ) -> list[SessionRecord]:
        """Update all of a user's sessions to what the app's own user says now.

        Fields that clients may change stay as they are, but those that are named. Pending
        sign-ins become invalid. No session is extended, since nobody uses it.
        """
        await invalidate_logins(self.store, user.id, now=self.clock())

        def accept(record: SessionRecord) -> dict[str, Any]:
            return self.schema.changes_to(user, record.user, names)

        refreshed = []
        for record in await self.list_by_user(user.id):
            with suppress(NotAuthenticated):  # it has just ended
                if record.id != except_id:
                    result = await self._update(record.id, accept, "refresh", extend=False)
                    refreshed.append(result.record)
        return refreshed

    async def reauthenticate(
        self, sid: str, *, amr: tuple[str, ...] = (), device: Device | None = None
    ) -> SessionRecord:
        """Record that the user has just proved their identity again, and how."""

        def amend(record: SessionRecord) -> SessionRecord:
            return record.confirmed(amr, at=self.clock(), device=device)

        record = await self.amend(sid, amend)
        self.feed.publish(SessionChanged(record, record.last_change.changes))
        self.trail.add(AuditEvent(kind="confirmed"), record=record, device=device)
        return record

    async def end(
        self,
        sid: str,
        reason: EndReason,
        *,
        device: Device | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:
        """End a session for good, unless it has ended already.

        One in which its user acts as another ends, too. A sign-out as the other ends both.
        """
        record = await self.store.delete(sid)
        if record is None:
            return
        self._migration.forget(sid)
        self.feed.publish(SessionEnded(sid, reason, record.user_id))
        entry = AuditEvent(kind="ended", reason=reason, fields=fields)
        self.trail.add(entry, record=record, device=device)
        if record.impersonates:
            await self.end(record.impersonates, "revoked", device=device)
        if record.actor_sid and reason in ("signed-out", "replaced"):
            await self.end(record.actor_sid, reason, device=device)
        if reason in ("expired", "schema_mismatch"):  # nobody signed out
            return
        with suppress(AuthError):  # the session has ended, whatever its callback raises
            session = await self.serializers.to_public(record)
            await notify(self.events.sign_out, session=session, reason=reason)

    async def end_all(
        self,
        user_id: str,
        reason: EndReason = "revoked",
        *,
        except_id: str | None = None,
        device: Device | None = None,
    ) -> int:
        """End a user's sessions, or all but one, and void the pending sign-ins; count them."""
        await invalidate_logins(self.store, user_id, now=self.clock())
        records = [each for each in await self.list_by_user(user_id) if each.id != except_id]
        for record in records:
            await self.end(record.id, reason, device=device)
        return len(records)

    async def sweep(self) -> int:
        """Delete expired sessions; the audit trail gets one entry for all of them."""
        count = await self.store.sweep(self.clock())
        if count:
            self.trail.add(AuditEvent(kind="swept", reason="expired", count=count))
        return count

    async def _update(
        self,
        sid: str,
        accept: Callable[[SessionRecord], dict[str, Any]],
        cause: Cause,
        *,
        extend: bool,
        device: Device | None = None,
        known: SessionRecord | None = None,
        before: BeforeUpdate | None = None,
    ) -> UpdateResult:
        async def revise(record: SessionRecord) -> UpdateResult:
            result = await self._revise(record, accept(record), cause, device, extend=extend)
            if before is not None and result.is_new:
                await before(result.record.user)
            return result

        lock = self._locks.of(sid)
        known = None if lock.locked() else known
        async with lock:  # until the commit is ordered, not until it is durable
            result, ordered = await self._compare_and_swap(sid, revise, known)
        await wait_for(ordered.commit)
        if result.is_new:
            self._migration.remember(result.record)
            await self._publish(result, device)
        return result

    async def amend(
        self, sid: str, amend: Callable[[SessionRecord], SessionRecord | None]
    ) -> SessionRecord:
        """Change a record, but not its user; `amend` may return None to leave it as it is."""

        async def revise(record: SessionRecord) -> UpdateResult:
            amended = amend(record)
            return UpdateResult(amended or record, {}, "", is_new=amended is not None)

        result, ordered = await self._compare_and_swap(sid, revise)
        await wait_for(ordered.commit)
        if result.is_new:
            self._migration.remember(result.record)
        return result.record

    async def _compare_and_swap(
        self,
        sid: str,
        revise: Callable[[SessionRecord], Awaitable[UpdateResult]],
        known: SessionRecord | None = None,
    ) -> tuple[UpdateResult, Ordered]:
        while True:
            newest, known = await self._find_newest(sid, known), None
            if newest.record is None:
                await wait_for(newest.commit)
                raise NotAuthenticated
            try:
                result = await revise(newest.record)
            except AuthError:
                await wait_for(newest.commit)  # the error depends on the record
                raise
            if not result.is_new:
                return result, newest
            ordered = await self.store.replace(result.record, expected=newest.record)
            if ordered is not None:
                return result, ordered

    async def _revise(
        self,
        record: SessionRecord,
        accepted: dict[str, Any],
        cause: Cause,
        device: Device | None,
        *,
        extend: bool,
    ) -> UpdateResult:
        if not accepted:
            return await self._to_result(record)
        contents = await self.serializers.build_for_update(record, accepted)
        if contents is None:
            await self.end(record.id, "revoked")
            raise NotAuthenticated("The session was ended by the app.")
        user, claims = contents
        now = self.clock()
        new = {"rev": record.rev + 1, "user": user, "claims": claims}
        if extend:
            # A clock that has stepped back doesn't shorten the session.
            minimum = record.expires_at if now < record.renewed_at else 0.0
            new |= {"renewed_at": now, "expires_at": max(self._expiry(record, now), minimum)}
        else:
            new |= {"last_seen_at": record.last_seen_at}
        revised = record.changed(cause, changes(record.user, user), at=now, device=device, **new)
        try:
            return await self._to_result(revised, is_new=True)
        except TokenTooLarge as error:
            largest = max(accepted, key=lambda name: len(str(accepted[name])))
            message = f"The {largest} is too long. {error.message}"
            raise UpdateRejected(message, field=largest, reason="too_large") from error

    async def _to_result(self, record: SessionRecord, *, is_new: bool = False) -> UpdateResult:
        token = self.serializers.issue_token(record)
        session = await self.serializers.to_public(record)
        return UpdateResult(record, session, token, is_new)

    async def _publish(self, result: UpdateResult, device: Device | None) -> None:
        record, changed = result.record, result.record.last_change.changes
        if record.impersonates or record.actor is not None:
            await self.find(record.impersonates or record.id)  # it ends if it may not be any more
        self.feed.publish(SessionChanged(record, changed))
        entry = AuditEvent(kind="update", fields=tuple(changed), author=record.last_change.cause)
        self.trail.add(entry, record=record, device=device)
        if self.events.update_user is not None:
            await notify(self.events.update_user, session=copied(result.session), changes=changed)

    async def _find_newest(self, sid: str, known: SessionRecord | None = None) -> Ordered:
        """Find the record that the next change starts from; it may not be durable yet."""
        newest = await self.store.newest(sid, known=known)
        record = newest.record
        if record is None:
            return newest
        if record.expires_at <= self.clock():
            with suppress(StoreUnavailable):  # it has ended, even if it can't be deleted now
                await self.end(sid, "expired")
            return Ordered(None)
        return newest._replace(record=await self._migrate(record))

    async def _select_active(self, records: list[SessionRecord]) -> list[SessionRecord]:
        now = self.clock()
        migrated = [await self._migrate(each) for each in records if each.expires_at > now]
        return [record for record in migrated if record is not None]

    async def _has_actor(self, record: SessionRecord) -> bool:
        """Whether an administrator still acts as the user, and still may."""
        actor, read = await self.find(record.actor_sid), self.schema.read
        if actor is None:
            return False
        return await self.serializers.callbacks.ask_impersonate(read(actor.user), read(record.user))

    async def _migrate(self, record: SessionRecord) -> SessionRecord | None:
        """Read a record with the current user model; end the session if that fails."""
        try:
            return self._migration.migrate(record)
        except IncompatibleUser as error:
            with suppress(StoreUnavailable):  # it has ended, even if it can't be deleted now
                await self.end(record.id, "schema_mismatch", fields=error.fields)
            return None

    async def _check_login(self, record: SessionRecord, started_at: float) -> None:
        """Check after the session was created: whatever invalidates the login later, finds it."""
        try:
            await check_login(self.store, record.user_id, started_at, now=self.clock())
        except AuthError:
            with suppress(StoreUnavailable):  # nobody has its token
                await self.store.delete(record.id)
            raise

    async def _enforce_max_sessions(self, newest: SessionRecord) -> None:
        # The newest stays, even if a clock that stepped back dates it before others.
        maximum = self.options.max_sessions_per_user
        if maximum is not None and newest.is_own:
            records = await self.list_by_user(newest.user_id)
            others = [each for each in records if each.id != newest.id and each.is_own]
            for record in others[maximum - 1 :]:
                await self.end(record.id, "revoked")

    def _expiry(self, record: SessionRecord, now: float) -> float:
        """Tell when a session ends that is extended now; a program's is never extended."""
        if record.bearer is not None:
            return record.expires_at
        return min(now + self._age(is_remembered=record.is_remembered), record.absolute_expires_at)

    def _age(self, *, is_remembered: bool) -> int:
        ages = self.options
        return ages.max_age if is_remembered else min(ages.browser_age, ages.max_age)

    def _is_old(self, since: float) -> bool:
        return self.clock() - since >= self.options.update_age
