"""The audit trail: handed over in the background, whatever its listener does."""

from __future__ import annotations

import asyncio
import json
import logging

from authdemo.sessions.core.audit import AuditEvent, AuditTrail
from authdemo.sessions.core.record import Device
from authdemo.sessions.core.utils import public_id

REFUSAL = AuditEvent(kind="refused", reason="RequestRejected")
CURL = Device(user_agent="curl", ip="192.0.2.1")


async def test_entries_say_when_who_and_from_where(house, clock):
    heard: list[AuditEvent] = []
    trail = AuditTrail(heard.append, clock=clock)
    record = await house.sign_in()
    trail.add(REFUSAL, record=record, device=CURL)
    await trail.flush()
    (entry,) = heard
    assert (entry.at, entry.user, entry.ip, entry.user_agent) == (
        clock(),
        "ada",
        CURL.ip,
        CURL.user_agent,
    )
    assert entry.session == public_id(record.id)
    assert record.id not in entry.as_json()


async def test_nobody_waits_for_the_listener():
    heard = asyncio.Event()

    async def listen(_):
        await asyncio.sleep(0)
        heard.set()

    trail = AuditTrail(listen)
    async with trail.lifespan():
        trail.add(REFUSAL)
        assert not heard.is_set()
        async with asyncio.timeout(5):
            await heard.wait()


async def test_what_the_listener_has_and_what_waits_is_handed_over_once_before_the_end():
    heard, has_one = [], asyncio.Event()

    async def listen(entry):
        has_one.set()
        await asyncio.sleep(0.01)
        heard.append(entry)

    trail = AuditTrail(listen)
    async with trail.lifespan():
        for _ in range(3):
            trail.add(AuditEvent(kind="update"))
        await has_one.wait()
        assert heard == []
    assert len(heard) == 3


async def test_a_listener_that_never_comes_back_holds_nobody_up_for_long(caplog):
    async def listen(_):
        await asyncio.Event().wait()

    trail = AuditTrail(listen)
    async with asyncio.timeout(5):
        async with trail.lifespan(max_seconds=0.01):
            trail.add(REFUSAL)
            trail.add(AuditEvent(kind="update"))
    assert "2 events are lost" in caplog.text


async def test_a_listener_that_fails_loses_one_entry_and_says_so(caplog):
    heard = []

    def listen(entry):
        if entry.kind == "refused":
            raise RuntimeError("a bug in the app")
        heard.append(entry)

    trail = AuditTrail(listen)
    trail.add(REFUSAL)
    trail.add(AuditEvent(kind="update"))
    await trail.flush()
    assert [entry.kind for entry in heard] == ["update"]
    assert "an event is lost" in caplog.text


async def test_a_listener_that_is_too_slow_costs_entries_never_memory(caplog):
    trail = AuditTrail(lambda _: None)
    for _ in range(10_005):
        trail.add(REFUSAL)
    with caplog.at_level(logging.ERROR):
        await trail.flush()
    assert "5 events are lost" in caplog.text


def test_an_entry_is_one_line_of_json_whatever_is_in_it():
    entry = AuditEvent(kind="sign-in-failed", user="x\r\n\u2028\x1b[31m{}", at=0)
    text = entry.as_json()
    assert text.isprintable()
    assert json.loads(text) == {
        "kind": "sign-in-failed",
        "user": "x\r\n\u2028\x1b[31m{}",
        "at": "1970-01-01T00:00:00.000Z",
    }
