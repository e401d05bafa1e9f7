"""A clock that steps back, as after NTP or in a resumed VM, takes no session away."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.house import HOUR, OPTIONS, build

DAY = 24 * HOUR
STEPS = st.integers(0, 3 * DAY)
few = settings(max_examples=settings().max_examples // 4)
"""Each opens a store of its own; `make soak` tries more."""


def opened(act, **choices):
    """Run something in a house of its own: hypothesis asks for many."""

    async def run():
        with tempfile.TemporaryDirectory() as folder:
            house = build(Path(folder), **choices)
            await house.store.open()
            try:
                await act(house)
            finally:
                await house.store.close()

    asyncio.run(run())


@pytest.mark.parametrize("seconds", [5, 30, 120])
async def test_token_from_before_step_back_finds_its_session(house, seconds):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(-seconds)
    assert (await house.verify(token)).record == record


@few
@given(step=STEPS)
def test_token_minted_after_step_back_is_good_at_once_and_after_correction(step):
    async def act(house):
        record = await house.sign_in()
        house.clock.advance(-step)
        revised = await house.update(record.id, {"name": "Ada"}, author="server", extend=False)
        token = house.sessions.serializers.issue_token(revised)
        assert (await house.verify(token)).record == revised
        house.clock.advance(min(step, OPTIONS.max_age - 1))
        assert (await house.verify(token)).record == revised

    opened(act)


@few
@given(step=STEPS)
def test_update_after_step_back_shortens_no_life(step):
    async def act(house):
        record = await house.sign_in()
        house.clock.advance(-step)
        assert (await house.rename(record, "Ada")).expires_at >= record.expires_at

    opened(act)


@few
@given(step=STEPS, most=st.integers(1, 3))
def test_session_begun_after_step_back_is_not_ended_as_oldest(step, most):
    async def act(house):
        for _ in range(3):
            await house.sign_in()
        house.clock.advance(-step)
        newest = await house.sign_in()
        assert await house.sessions.find(newest.id) == newest
        assert len(await house.sessions.list_by_user("ada")) == most

    opened(act, options=dataclasses.replace(OPTIONS, max_sessions_per_user=most))
