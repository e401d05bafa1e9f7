"""Expired sessions: each is reported once, and none of them as a sign-out."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from authdemo.sessions.core.audit import AuditEvent, AuditTrail
from authdemo.sessions.core.events import Events
from authdemo.sessions.stores.redis import RedisStore
from tests.support.house import GRACE, OPTIONS

MANY = 45


@pytest.fixture
def heard() -> list[AuditEvent]:
    """What the audit trail has."""
    return []


@pytest.fixture
def open_audited(open_house, clock, heard):
    """Open a house with a trail; `read` what it says of ends."""

    async def open_audited(**choices):
        house = await open_house(
            clock=clock, trail=(trail := AuditTrail(heard.append, clock=clock)), **choices
        )

        async def read() -> list[dict[str, object]]:
            await trail.flush()
            told = [event for event in heard if event.kind in ("ended", "swept")]
            heard.clear()
            return [
                {"kind": e.kind, "reason": e.reason, "user": e.user, "count": e.count} for e in told
            ]

        return house, read

    return open_audited


SWEPT = {"kind": "swept", "reason": "expired", "user": ""}


async def test_expired_session_that_is_found_has_an_audit_event_of_its_own(open_audited):
    house, read = await open_audited()
    record = await house.sign_in(GRACE)
    house.clock.advance(OPTIONS.max_age)
    for _ in range(2):
        assert await house.sessions.find(record.id) is None
    assert await read() == [{"kind": "ended", "reason": "expired", "user": "grace", "count": 0}]
    assert await house.sessions.sweep() == 0
    assert await read() == []


async def test_swept_sessions_share_an_audit_event(open_audited):
    house, read = await open_audited()
    for _ in range(MANY):
        await house.sign_in()
    house.clock.advance(OPTIONS.max_age - 1)
    await house.sessions.sweep()
    assert await read() == []
    house.clock.advance(1)
    living = await house.sign_in()
    assert await house.sessions.sweep() == MANY
    assert await read() == [{**SWEPT, "count": MANY}]
    assert await house.sessions.find(living.id)


async def test_sessions_that_redis_expired_are_counted_by_one_worker(
    open_audited, redis, tmp_path, clock
):
    stores = [RedisStore(redis.url, name=tmp_path.name, clock=clock) for _ in range(2)]
    (house, read), (other, read_others) = [await open_audited(store=store) for store in stores]
    records = [await house.sign_in() for _ in range(MANY)]
    redis.ask("DEL", *(f"{tmp_path.name}:session:{record.id}" for record in records))
    clock.advance(OPTIONS.max_age)
    assert await house.sessions.find(records[0].id) is None
    swept = await asyncio.gather(house.sessions.sweep(), other.sessions.sweep())
    assert sum(swept) == MANY
    told = [*await read(), *await read_others()]
    assert told == [{**SWEPT, "count": MANY}]
    for store in stores:
        await store.close()


async def test_sessions_that_a_sweep_could_not_delete_are_counted_by_the_next(
    open_audited, tmp_path
):
    house, read = await open_audited()
    for _ in range(MANY):
        await house.sign_in()
    house.clock.advance(OPTIONS.max_age)
    sweep = asyncio.create_task(house.sessions.sweep())
    with closing(sqlite3.connect(tmp_path / "sessions.db")) as db:
        while len(await house.store.of_user("ada")) == MANY:  # noqa: ASYNC110 - it doesn't say
            await asyncio.sleep(0)
        db.execute("BEGIN IMMEDIATE")
        first = await sweep
        db.rollback()
    assert 0 < first < MANY
    assert await house.sessions.sweep() == MANY - first
    assert [entry["count"] for entry in await read()] == [first, MANY - first]


async def test_expiry_calls_no_sign_out_listener(open_audited):
    told = []
    events = Events(sign_out=lambda **details: told.append(details["reason"]))
    house, _ = await open_audited(events=events)
    seen, left, unseen = [await house.sign_in() for _ in range(3)]
    await house.sessions.end(left.id, "signed-out")
    house.clock.advance(OPTIONS.max_age)
    assert await house.sessions.find(seen.id) is None
    assert await house.sessions.sweep() == 1
    assert await house.sessions.find(unseen.id) is None
    assert told == ["signed-out"]
