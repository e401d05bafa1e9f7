"""What every store must do. Another store is tested by one more line in `STORES`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from authdemo.sessions.core.errors import AuthError, StoreUnavailable
from authdemo.sessions.core.record import (
    MAX_HISTORY,
    Device,
    HistoryEntry,
    ProviderSession,
    SessionRecord,
    changes,
)
from authdemo.sessions.core.store import Attempt, SessionStore
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.stores import redis, sqlite
from authdemo.sessions.stores.redis import RedisStore
from authdemo.sessions.stores.sqlite import SQLiteStore
from authdemo.testing import FrozenClock
from authdemo.testing.thread import NOON

LONG_BEFORE = FrozenClock(NOON - 3600)
STORES: dict[str, Callable[[Path, pytest.FixtureRequest], SessionStore]] = {
    "sqlite": lambda folder, _: SQLiteStore(folder / "sessions.db"),
    "redis": lambda folder, request: RedisStore(
        request.getfixturevalue("redis").url, name=folder.name, clock=LONG_BEFORE
    ),
}


@pytest.fixture(params=STORES.values(), ids=list(STORES))
def opened(request, tmp_path):
    """Open a store, or one more on the same data: `async with opened() as store`.

    A SQLite file has one owner, so "one more" is the same store.
    """
    owners: list[SessionStore] = []

    @asynccontextmanager
    async def opened():
        if owners:
            yield owners[0]
            return
        store = request.param(tmp_path, request)
        await store.open()
        owners.extend([store] if isinstance(store, SQLiteStore) else [])
        try:
            yield store
        finally:
            owners.clear()
            await store.close()

    return opened


def session(
    user: str = "ada", *, created: float = NOON, expires: float = NOON + 60
) -> SessionRecord:
    return SessionRecord(
        id=new_id(),
        rev=1,
        user={"id": user, "name": "Ada \u2764\ufe0f \u05d0", "image": None},
        claims={"plan": "gold", "nested": {"numbers": [1, 2.5, True, None]}},
        provider="credentials",
        created_at=created,
        renewed_at=created,
        expires_at=expires,
        absolute_expires_at=NOON + 600,
        last_seen_at=created,
        last_change=HistoryEntry(rev=1, at=created, cause="sign-in", changes={}),
        device=Device(user_agent="Mosaic", ip="192.0.2.1"),
    )


def renamed(record: SessionRecord, name: str) -> SessionRecord:
    user = record.user | {"name": name}
    changed = changes(record.user, user)
    return record.changed("client", changed, at=NOON, device=None, rev=record.rev + 1, user=user)


def confirmed(record: SessionRecord, at: float = NOON) -> SessionRecord:
    return record.changed("confirmation", {}, at=at, device=None, reauthenticated_at=at)


def renewed(record: SessionRecord, expires: float, at: float) -> SessionRecord:
    return record.model_copy(update={"expires_at": expires, "renewed_at": at, "last_seen_at": at})


async def replaced(store: SessionStore, record: SessionRecord, expected: SessionRecord) -> bool:
    """Replace a record, wait until that is durable, and return whether it was replaced."""
    ordered = await store.replace(record, expected=expected)
    if ordered is not None and ordered.commit is not None:
        await ordered.commit
    return ordered is not None


class TestSessions:
    async def test_created_session_is_found(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            assert await store.get(record.id) == record

    async def test_unknown_session_is_not_found(self, opened):
        async with opened() as store:
            await store.create(session())
            for sid in ("", "x", new_id(), "' OR 1=1 --", "../sessions", "*", "\0", "x" * 10_000):
                assert await store.get(sid) is None

    async def test_id_of_a_session_is_taken_once(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            with pytest.raises(AuthError):
                await store.create(renamed(record, "Eve"))
            assert await store.get(record.id) == record

    async def test_record_replaces_the_one_that_it_was_made_from(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            newer = renamed(record, "Countess")
            assert await replaced(store, newer, record)
            assert await store.get(record.id) == newer

    async def test_record_replaces_no_other_version(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            newer = renamed(record, "Countess")
            for other in (newer, confirmed(newer)):
                assert not await replaced(store, renamed(other, "Eve"), other)
            assert await store.get(record.id) == record

    @pytest.mark.parametrize("step", ["renewal", "confirmation", "revised"])
    async def test_record_does_not_replace_a_version_changed_since(self, opened, step):
        async with opened() as store:
            record = session()
            await store.create(record)
            stepped = {
                "renewal": record.changed(
                    "renewal", {}, at=NOON + 60, device=None, expires_at=NOON + 120
                ),
                "confirmation": confirmed(record, NOON + 60),
                "revised": renamed(record, "Countess"),
            }
            assert await replaced(store, stepped[step], record)
            for newer in stepped.values():
                assert not await replaced(store, newer, record)
            assert await store.get(record.id) == stepped[step]
            assert await store.history(record.id) == [record.last_change, stepped[step].last_change]

    async def test_concurrent_replaces_succeed_once(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            newer = [renamed(record, f"{number}") for number in range(20)]
            done = await asyncio.gather(*(replaced(store, one, record) for one in newer))
            assert done.count(True) == 1
            assert await store.get(record.id) == newer[done.index(True)]

    async def test_renewal_keeps_the_revision(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            newer = renewed(record, NOON + 120, at=NOON + 60)
            assert await replaced(store, newer, record)
            assert await store.get(record.id) == newer

    async def test_renewed_session_is_swept_when_it_expires(self, opened):
        async with opened() as store:
            record, other = session(), session()
            for each in (record, other):
                await store.create(each)
            newer = renewed(record, NOON + 120, at=NOON + 60)
            await replaced(store, newer, record)
            assert await store.sweep(NOON + 60) == 1
            assert await store.get(record.id) == newer
            assert await store.sweep(NOON + 119) == 0
            assert await store.sweep(NOON + 120) == 1
            assert await store.of_user("ada") == []

    async def test_deleted_session_is_returned_once_and_not_found(self, opened):
        async with opened() as store:
            record, other = session(), session()
            await store.create(record)
            await store.create(other)
            assert await store.delete(record.id) == record
            assert await store.delete(record.id) is None
            assert await store.get(record.id) is None
            assert await store.of_user("ada") == [other]

    async def test_deleted_session_cannot_be_replaced(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            await store.delete(record.id)
            assert not await replaced(store, renamed(record, "Eve"), record)
            assert await store.get(record.id) is None

    async def test_sessions_of_a_user_are_listed_newest_first(self, opened):
        async with opened() as store:
            records = [session(created=NOON + number) for number in (1, 3, 2)]
            for record in [*records, session("grace")]:
                await store.create(record)
            first, third, second = records
            assert await store.of_user("ada") == [third, second, first]
            assert await store.of_user("ad") == await store.of_user("a%") == []

    async def test_session_is_found_by_provider_id(self, opened):
        async with opened() as store:
            there = ProviderSession(subject="583231", sid="s1")
            records = [session().model_copy(update={"provider_session": there}) for _ in range(2)]
            for record in [*records, session("grace")]:
                await store.create(record)
            by_subject, by_sid = records[0].provider_ids
            newer = renamed(records[0], "Countess")
            await replaced(store, newer, records[0])
            for handle in (by_subject, by_sid):
                found = await store.of_provider_id(handle)
                assert sorted(found, key=lambda one: one.rev) == [records[1], newer]
            await store.delete(newer.id)
            assert await store.of_provider_id(by_sid) == [records[1]]
            await store.sweep(NOON + 60)
            assert await store.of_provider_id(by_subject) == []
            assert await store.of_provider_id("583231") == []

    async def test_sweep_deletes_only_expired_sessions(self, opened, monkeypatch):
        monkeypatch.setattr(redis, "SWEEP_BATCH_SIZE", sqlite.SWEEP_BATCH_SIZE)
        count = 2 * sqlite.SWEEP_BATCH_SIZE + 10
        async with opened() as store:
            expired = [session(expires=NOON - number) for number in range(count)]
            living = session(expires=NOON + 0.5)
            for record in [*expired, living]:
                await store.create(record)
            assert await store.sweep(NOON) == count
            assert await store.of_user("ada") == [living]
            assert await store.sweep(NOON) == 0


class TestHistory:
    async def test_every_version_has_one_history_entry(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            newer = renamed(record, "Countess")
            await replaced(store, newer, record)
            await replaced(store, renewed(newer, NOON + 90, at=NOON + 1), newer)
            await replaced(store, renamed(record, "Eve"), record)
            assert await store.history(record.id) == [record.last_change, newer.last_change]

    async def test_history_drops_the_oldest_entries(self, opened):
        async with opened() as store:
            record = session()
            await store.create(record)
            for number in range(MAX_HISTORY + 9):
                before, record = record, renamed(record, f"Ada {number}")
                await replaced(store, record, before)
            steps = await store.history(record.id)
            assert [step.rev for step in steps] == list(range(11, MAX_HISTORY + 11))

    async def test_history_ends_with_its_session(self, opened):
        async with opened() as store:
            deleted, expired = session(), session(expires=NOON)
            for record in (deleted, expired):
                await store.create(record)
            await store.delete(deleted.id)
            await store.sweep(NOON)
            assert await store.history(deleted.id) == await store.history(expired.id) == []


class TestOneTimeValues:
    async def test_value_is_consumed_once(self, opened):
        async with opened() as store:
            await store.put_value("key", "value", expires=NOON + 30)
            assert await store.consume_value("key", now=NOON) == "value"
            assert await store.consume_value("key", now=NOON) is None

    async def test_concurrent_consumers_get_one_value(self, opened):
        async with opened() as store, opened() as other:
            await store.put_value("key", "value", expires=NOON + 30)
            takers = [taker.consume_value("key", now=NOON) for taker in (store, other) * 10]
            answers = await asyncio.gather(*takers)
            assert sorted(filter(None, answers)) == ["value"]

    async def test_expired_value_is_not_returned(self, opened):
        async with opened() as store:
            await store.put_value("key", "value", expires=NOON + 30)
            assert await store.consume_value("key", now=NOON + 30) is None
            assert await store.consume_value("key", now=NOON) is None

    async def test_unknown_key_has_no_value(self, opened):
        async with opened() as store:
            assert await store.consume_value("key", now=NOON) is None

    async def test_found_value_stays_until_it_expires(self, opened):
        async with opened() as store, opened() as other:
            await store.put_value("key", "value", expires=NOON + 30)
            assert await other.find_value("key", now=NOON) == "value"
            assert await store.find_value("key", now=NOON + 30) is None
            assert await store.consume_value("key", now=NOON) == "value"
            assert await other.find_value("key", now=NOON) is None

    async def test_put_replaces_the_value_of_the_same_key(self, opened):
        async with opened() as store:
            await store.put_value("key", "older", expires=NOON + 60)
            await store.put_value("key", "newer", expires=NOON + 30)
            assert await store.find_value("key", now=NOON + 30) is None
            assert await store.consume_value("key", now=NOON) == "newer"


class TestSeveralAtOnce:
    async def test_change_by_one_store_is_read_by_another(self, opened):
        async with opened() as one, opened() as other:
            record = session()
            await one.create(record)
            assert await other.get(record.id) == record
            await replaced(other, renamed(record, "Countess"), record)
            assert (await one.get(record.id)).user["name"] == "Countess"
            await one.delete(record.id)
            assert await other.get(record.id) is None

    async def test_concurrent_stores_replace_once(self, opened):
        async with AsyncExitStack() as stack:
            stores = [await stack.enter_async_context(opened()) for _ in range(4)]
            record = session()
            await stores[0].create(record)
            tries = [
                replaced(store, renamed(record, f"{number}"), record)
                for number, store in enumerate(stores * 5)
            ]
            assert (await asyncio.gather(*tries)).count(True) == 1


class TestOpening:
    async def test_reopened_store_has_everything(self, opened):
        record, ended = session(), session()
        async with opened() as store:
            await store.create(record)
            await store.create(ended)
            await store.delete(ended.id)
            await store.put_value("key", "value", expires=NOON + 30)
        async with opened() as store:
            assert await store.of_user("ada") == [record]
            assert await store.consume_value("key", now=NOON) == "value"

    async def test_closed_store_is_unavailable(self, opened):
        async with opened() as store:
            pass
        with pytest.raises(StoreUnavailable):
            await store.get("x")
        with pytest.raises(StoreUnavailable):
            await store.create(session())
        with pytest.raises(StoreUnavailable):
            await store.of_user("ada")
        with pytest.raises(StoreUnavailable):
            await store.of_provider_id("x")
        with pytest.raises(StoreUnavailable):
            await store.history("x")
        with pytest.raises(StoreUnavailable):
            await store.consume_value("x", now=NOON)
        with pytest.raises(StoreUnavailable):
            await store.find_value("x", now=NOON)

    async def test_store_can_be_closed_twice(self, opened):
        async with opened() as store:
            await store.close()


class TestAttempts:
    async def begin(self, store, attempt, *, key="ada", at=NOON, limit=3):
        return await store.begin_attempt(key, attempt, at=at, window=60, limit=limit)

    async def test_attempts_begin_up_to_the_limit_of_their_key(self, opened):
        async with opened() as store:
            for number in range(3):
                assert await self.begin(store, f"{number}", at=NOON + 3 - number) is None
            counted = await self.begin(store, "late", at=NOON + 4)
            assert counted == [Attempt(NOON + second, has_failed=False) for second in (1, 2, 3)]
            assert await self.begin(store, "another", key="grace") is None

    async def test_failed_attempt_counts_from_its_beginning(self, opened):
        async with opened() as store:
            for number in range(3):
                await self.begin(store, f"{number}", at=NOON + number)
            await store.end_attempt("ada", "1", failed=True)
            expected = [(NOON, False), (NOON + 1, True), (NOON + 2, False)]
            assert await self.begin(store, "late", at=NOON + 4) == expected

    async def test_successful_attempt_stops_counting(self, opened):
        async with opened() as store:
            for number in range(100):
                assert await self.begin(store, f"{number}") is None
                await store.end_attempt("ada", f"{number}", failed=False)

    @pytest.mark.parametrize("failed", [False, True])
    async def test_old_attempt_does_not_count(self, opened, failed):
        async with opened() as store:
            for number in range(3):
                await self.begin(store, f"{number}", at=NOON + number)
                if failed:
                    await store.end_attempt("ada", f"{number}", failed=True)
            assert await self.begin(store, "late", at=NOON + 59) is not None
            assert await self.begin(store, "later", at=NOON + 60) is None
            assert len(await self.begin(store, "too many", at=NOON + 60)) == 3

    async def test_attempt_is_ended_once_and_only_if_it_counts(self, opened):
        async with opened() as store:
            await self.begin(store, "one")
            await store.end_attempt("ada", "another", failed=True)
            await store.end_attempt("nobody", "one", failed=True)
            await store.end_attempt("ada", "one", failed=True)
            await store.end_attempt("ada", "one", failed=False)
            assert await self.begin(store, "late", limit=1) == [(NOON, True)]

    async def test_concurrent_attempts_all_count(self, opened):
        async with opened() as store, opened() as other:
            begun = (self.begin((store, other)[n % 2], f"{n}", limit=10) for n in range(20))
            answers = await asyncio.gather(*begun)
            assert answers.count(None) == 10

    async def test_sweep_deletes_only_expired_attempts(self, opened):
        async with opened() as store:
            await self.begin(store, "old", key="old")
            await self.begin(store, "new", at=NOON + 30, limit=1)
            await store.sweep(NOON + 61)
            assert await self.begin(store, "late", at=NOON + 62, limit=1) is not None
