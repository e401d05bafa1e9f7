"""A sign-in that began before its user's sessions were ended or refreshed lets nobody in."""

from __future__ import annotations

import asyncio

import pytest

from authdemo.sessions.core.errors import SignInOutdated
from authdemo.sessions.core.one_time import MAX_LOGIN_SECONDS
from tests.support.house import ADA, GRACE


async def is_refused(house, user=ADA, **more):
    with pytest.raises(SignInOutdated):
        await house.sign_in(user, **more)
    return True


@pytest.fixture
def began(house):
    """When somebody began to prove who they are: a moment ago."""
    began = house.clock()
    house.clock.advance(1)
    return began


@pytest.mark.parametrize(
    "change",
    [
        lambda sessions: sessions.end_all("ada"),
        lambda sessions: sessions.end_all("ada", except_id="a session that stays"),
        lambda sessions: sessions.refresh(ADA),
    ],
    ids=["revocation", "revocation of the others", "refresh"],
)
async def test_what_was_proved_before_a_change_is_void_and_leaves_no_session(house, began, change):
    await change(house.sessions)
    assert await is_refused(house, started_at=began)
    assert await house.store.of_user("ada") == []
    assert house.begun == []


async def test_what_is_proved_afterwards_counts(house, began):
    await house.sessions.end_all("ada")
    assert await house.sign_in(started_at=house.clock())


async def test_what_the_app_itself_says_needs_no_proof(house):
    await house.sessions.end_all("ada")
    assert await house.sign_in()


async def test_the_proofs_of_others_count_on(house, began):
    await house.sessions.end_all("ada")
    assert await house.sign_in(GRACE, started_at=began)


async def test_the_latest_change_counts(house):
    for _ in range(3):
        began = house.clock()
        house.clock.advance(1)
        await house.sessions.end_all("ada")
        assert await is_refused(house, started_at=began)


async def test_a_later_sign_in_makes_an_older_proof_no_better(house, began):
    await house.sessions.end_all("ada")
    await house.sign_in(started_at=house.clock())
    assert await is_refused(house, started_at=began)


async def test_a_proof_is_void_for_as_long_as_it_would_be_good(house, began):
    house.clock.advance(MAX_LOGIN_SECONDS - 2)
    await house.sessions.end_all("ada")
    house.clock.advance(1)
    assert await is_refused(house, started_at=began)


async def test_a_proof_that_is_too_old_for_anybody_to_know_is_refused(house):
    began = house.clock()
    house.clock.advance(MAX_LOGIN_SECONDS)
    assert await house.sign_in(started_at=began)
    house.clock.advance(1)
    assert await is_refused(house, started_at=began)


async def test_of_sign_ins_that_meet_a_revocation_none_survives(house, began):
    tries = [house.sign_in(started_at=began) for _ in range(20)]
    tries.insert(10, house.sessions.end_all("ada"))
    await asyncio.gather(*tries, return_exceptions=True)
    assert await house.store.of_user("ada") == []


async def test_a_restart_makes_no_proof_good_again(house, began):
    await house.sessions.end_all("ada")
    await house.store.close()
    await house.store.open()
    assert await is_refused(house, started_at=began)


async def test_who_is_refused_keeps_the_session_that_there_was_before(house, began):
    record = await house.sign_in(GRACE)
    await house.sessions.end_all("ada")
    assert await is_refused(house, started_at=began, replaces=record)
    assert await house.sessions.find(record.id) == record
