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


async def test_attempts_up_to_the_rate_are_accepted(limit):
    await fail(limit, "ada", times=3)
    assert await seconds_to_wait(limit, "ada") == 60


async def test_successful_attempts_are_not_counted(limit):
    for _ in range(100):
        await succeed(limit, "ada")
    await fail(limit, "ada", times=2)
    await succeed(limit, "ada")


async def test_attempts_that_end_by_other_errors_are_not_counted(limit):
    for _ in range(10):
        with pytest.raises(CallbackFailed):
            async with limit.sign_in("ada", HERE):
                raise CallbackFailed
    await succeed(limit, "ada")


async def test_window_slides(limit, clock):
    await fail(limit, "ada")
    clock.advance(40)
    await fail(limit, "ada", times=2)
    assert await seconds_to_wait(limit, "ada") == 20
    clock.advance(20)
    await fail(limit, "ada")
    assert await seconds_to_wait(limit, "ada") == 40


async def test_retry_after_is_rounded_up_and_never_zero(limit, clock):
    await fail(limit, "ada", times=3)
    clock.advance(58.5)
    assert await seconds_to_wait(limit, "ada") == 2
    clock.advance(1.4999)
    assert await seconds_to_wait(limit, "ada") == 1
    clock.advance(0.0001)
    await succeed(limit, "ada")


async def test_attempts_of_other_addresses_do_not_lock_the_account(limit):
    await fail(limit, "ada", THERE, times=3)
    await succeed(limit, "ada")


async def test_limit_of_an_account_affects_no_other(limit):
    await fail(limit, "ada", times=3)
    await succeed(limit, "grace")


async def test_address_that_tries_many_accounts_is_limited(limit):
    for number in range(ADDRESS_FACTOR):
        await fail(limit, f"account {number}", times=3)
    assert await seconds_to_wait(limit, "grace") == 60
    await succeed(limit, "grace", THERE)


async def test_keys_with_equal_concatenations_differ(limit):
    await fail(limit, "ada1", "92.0.2.1", times=3)
    await succeed(limit, "ada", "192.0.2.1")


async def test_window_ends_after_the_wait(limit, clock):
    await fail(limit, "ada", times=3)
    clock.advance(60)
    await fail(limit, "ada", times=3)
    assert await seconds_to_wait(limit, "ada") == 60


@pytest.fixture
def address_limit(house, clock):
    return AddressLimit(house.store, Rate(2, 60), "tests", clock=clock)


async def test_address_limit_counts_each_address(address_limit, clock):
    assert [await address_limit.take(HERE) for _ in range(4)] == [0, 0, 60, 60]
    assert await address_limit.take(THERE) == 0
    clock.advance(61)
    assert await address_limit.take(HERE) == 0


async def test_limits_of_different_names_count_apart(house, clock, address_limit):
    other = AddressLimit(house.store, Rate(2, 60), "other tests", clock=clock)
    assert [await address_limit.take(HERE) for _ in range(3)] == [0, 0, 60]
    assert await other.take(HERE) == 0


async def test_concurrent_attempts_up_to_the_limit_are_accepted(address_limit):
    waits = await asyncio.gather(*(address_limit.take(HERE) for _ in range(10)))
    assert sorted(waits) == [0, 0, *[60] * 8]
