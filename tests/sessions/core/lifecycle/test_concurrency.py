"""Concurrent changes of one session."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from authdemo.sessions.core.callbacks import Callbacks
from tests.support.house import HOUR

STEPS = ("confirm", "rename", "renew", "promote")
CAUSES = {"confirm": "confirmation", "rename": "client", "renew": "renewal", "promote": "server"}


def begin(step, house, verified):
    sessions, sid = house.sessions, verified.record.id
    match step:
        case "confirm":
            return sessions.reauthenticate(sid)
        case "rename":
            return sessions.update(sid, {"name": "Countess"}, author="client")
        case "promote":
            return sessions.update(sid, {"role": "admin"}, author="server")
    return sessions.renew(verified.record)


@pytest.mark.parametrize("steps", list(permutations(STEPS)), ids=" ".join)
async def test_concurrent_changes_are_all_kept(house, steps):
    record = await house.sign_in()
    verified = await house.verify(house.sessions.serializers.issue_token(record))
    house.clock.advance(HOUR)
    await asyncio.gather(*(begin(step, house, verified) for step in steps))
    found = await house.sessions.find(record.id)
    assert found.reauthenticated_at == house.clock.now
    assert (found.rev, found.user["name"], found.user["role"]) == (3, "Countess", "admin")
    causes = [step.cause for step in await house.store.history(record.id)]
    assert len(causes) == found.version
    assert {"confirmation", "client", "server"} <= set(causes)


@pytest.mark.parametrize("step", ["confirm", "renew"])
async def test_slow_callback_overwrites_no_concurrent_change(open_house, step):
    is_asked, is_free = asyncio.Event(), asyncio.Event()

    async def slow(token, trigger, **_):
        if trigger == "update":
            is_asked.set()
            await is_free.wait()
        return token

    house = await open_house(callbacks=Callbacks(jwt=slow))
    record = await house.sign_in()
    verified = await house.verify(house.sessions.serializers.issue_token(record))
    house.clock.advance(HOUR)
    update = asyncio.create_task(house.rename(record, "Countess"))
    await is_asked.wait()
    answered = await begin(step, house, verified)
    is_free.set()
    await update
    found = await house.sessions.find(record.id)
    assert (found.reauthenticated_at, found.user["name"]) == (
        answered.reauthenticated_at,
        "Countess",
    )
    history = [step.cause for step in await house.store.history(record.id)]
    assert history == ["sign-in", CAUSES[step], "client"]


async def test_a_renewal_of_what_was_read_earlier_overwrites_nothing(house):
    record = await house.sign_in()
    verified = await house.verify(house.sessions.serializers.issue_token(record))
    house.clock.advance(HOUR)
    confirmed = await house.sessions.reauthenticate(record.id)
    assert (
        await house.sessions.renew(verified.record)
    ).reauthenticated_at == confirmed.reauthenticated_at
    assert (await house.sessions.find(record.id)).reauthenticated_at == confirmed.reauthenticated_at
