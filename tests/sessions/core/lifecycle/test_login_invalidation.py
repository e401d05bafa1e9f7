"""Revocation and refresh invalidate pending logins."""

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
    """When a user began to authenticate: a moment ago."""
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
async def test_login_started_before_revocation_or_refresh_is_rejected(house, began, change):
    await change(house.sessions)
    assert await is_refused(house, started_at=began)
    assert await house.store.of_user("ada") == []
    assert house.begun == []


async def test_login_started_after_revocation_succeeds(house, began):
    await house.sessions.end_all("ada")
    assert await house.sign_in(started_at=house.clock())


async def test_begin_without_start_time_ignores_invalidation(house):
    await house.sessions.end_all("ada")
    assert await house.sign_in()


async def test_invalidation_leaves_logins_of_other_users(house, began):
    await house.sessions.end_all("ada")
    assert await house.sign_in(GRACE, started_at=began)


async def test_repeated_invalidation_rejects_each_earlier_login(house):
    for _ in range(3):
        began = house.clock()
        house.clock.advance(1)
        await house.sessions.end_all("ada")
        assert await is_refused(house, started_at=began)


async def test_later_sign_in_does_not_restore_an_invalidated_login(house, began):
    await house.sessions.end_all("ada")
    await house.sign_in(started_at=house.clock())
    assert await is_refused(house, started_at=began)


async def test_invalidation_lasts_as_long_as_a_login_may_take(house, began):
    house.clock.advance(MAX_LOGIN_SECONDS - 2)
    await house.sessions.end_all("ada")
    house.clock.advance(1)
    assert await is_refused(house, started_at=began)


async def test_login_older_than_the_maximum_is_rejected(house):
    began = house.clock()
    house.clock.advance(MAX_LOGIN_SECONDS)
    assert await house.sign_in(started_at=began)
    house.clock.advance(1)
    assert await is_refused(house, started_at=began)


async def test_concurrent_revocation_leaves_no_session(house, began):
    tries = [house.sign_in(started_at=began) for _ in range(20)]
    tries.insert(10, house.sessions.end_all("ada"))
    await asyncio.gather(*tries, return_exceptions=True)
    assert await house.store.of_user("ada") == []


async def test_invalidation_survives_a_restart(house, began):
    await house.sessions.end_all("ada")
    await house.store.close()
    await house.store.open()
    assert await is_refused(house, started_at=began)


async def test_rejected_login_keeps_the_previous_session(house, began):
    record = await house.sign_in(GRACE)
    await house.sessions.end_all("ada")
    assert await is_refused(house, started_at=began, replaces=record)
    assert await house.sessions.find(record.id) == record
