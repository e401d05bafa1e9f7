"""So many failures in so much time, and then a rest."""

from __future__ import annotations

import asyncio

import pytest

from authdemo.sessions.core.errors import CallbackFailed, CredentialsSignin, TooManyAttempts
from authdemo.sessions.core.rate_limit import AddressLimit, FailureLimit
from authdemo.sessions.core.settings import ADDRESS_FACTOR, Rate

HERE, THERE = "192.0.2.1", "192.0.2.2"


@pytest.fixture
def limit(house, clock):
    return FailureLimit(house.store, Rate(3, 60), clock=clock)


async def succeed(limit, account, address=HERE):
    async with limit.sign_in(account, address):
        """The password is right."""


async def seconds_to_wait(limit, account, address=HERE):
    with pytest.raises(TooManyAttempts) as refused:
        await succeed(limit, account, address)
    return refused.value.retry_after


async def fail(limit, account, address=HERE, *, times=1):
    for _ in range(times):
        with pytest.raises(CredentialsSignin):
            async with limit.sign_in(account, address):
                raise CredentialsSignin


async def test_as_many_as_the_rate_are_let_in(limit):
    await fail(limit, "ada", times=3)
    assert await seconds_to_wait(limit, "ada") == 60


async def test_attempts_that_do_not_fail_are_not_counted(limit):
    for _ in range(100):
        await succeed(limit, "ada")
    await fail(limit, "ada", times=2)
    await succeed(limit, "ada")


async def test_what_ends_otherwise_is_not_counted(limit):
    for _ in range(10):
        with pytest.raises(CallbackFailed):
            async with limit.sign_in("ada", HERE):
                raise CallbackFailed
    await succeed(limit, "ada")


async def test_the_window_slides(limit, clock):
    await fail(limit, "ada")
    clock.advance(40)
    await fail(limit, "ada", times=2)
    assert await seconds_to_wait(limit, "ada") == 20
    clock.advance(20)
    await fail(limit, "ada")
    assert await seconds_to_wait(limit, "ada") == 40


async def test_the_time_to_wait_is_rounded_up_and_never_nothing(limit, clock):
    await fail(limit, "ada", times=3)
    clock.advance(58.5)
    assert await seconds_to_wait(limit, "ada") == 2
    clock.advance(1.4999)
    assert await seconds_to_wait(limit, "ada") == 1
    clock.advance(0.0001)
    await succeed(limit, "ada")


async def test_attempts_from_elsewhere_do_not_lock_the_owner_out(limit):
    await fail(limit, "ada", THERE, times=3)
    await succeed(limit, "ada")


async def test_other_accounts_are_not_affected(limit):
    await fail(limit, "ada", times=3)
    await succeed(limit, "grace")


async def test_an_address_that_tries_one_account_after_the_other_has_to_rest(limit):
    for number in range(ADDRESS_FACTOR):
        await fail(limit, f"account {number}", times=3)
    assert await seconds_to_wait(limit, "grace") == 60
    await succeed(limit, "grace", THERE)


async def test_parts_of_a_key_do_not_run_together(limit):
    await fail(limit, "ada1", "92.0.2.1", times=3)
    await succeed(limit, "ada", "192.0.2.1")


async def test_who_waits_starts_with_a_clean_slate(limit, clock):
    await fail(limit, "ada", times=3)
    clock.advance(60)
    await fail(limit, "ada", times=3)
    assert await seconds_to_wait(limit, "ada") == 60


@pytest.fixture
def address_limit(house, clock):
    return AddressLimit(house.store, Rate(2, 60), "tests", clock=clock)


async def test_each_address_may_do_something_so_often(address_limit, clock):
    assert [await address_limit.take(HERE) for _ in range(4)] == [0, 0, 60, 60]
    assert await address_limit.take(THERE) == 0
    clock.advance(61)
    assert await address_limit.take(HERE) == 0


async def test_what_is_limited_apart_is_counted_apart(house, clock, address_limit):
    other = AddressLimit(house.store, Rate(2, 60), "other tests", clock=clock)
    assert [await address_limit.take(HERE) for _ in range(3)] == [0, 0, 60]
    assert await other.take(HERE) == 0


async def test_of_those_who_come_at_once_as_many_are_let_in(address_limit):
    waits = await asyncio.gather(*(address_limit.take(HERE) for _ in range(10)))
    assert sorted(waits) == [0, 0, *[60] * 8]
