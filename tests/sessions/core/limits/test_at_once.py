"""Guesses that come at one moment: no more of them are made than may fail."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from authdemo.sessions.core.errors import CredentialsSignin, TooManyAttempts
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.record import Device
from authdemo.sessions.core.settings import Rate, Settings
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.engine import Engine
from authdemo.sessions.providers.credentials import Credentials
from authdemo.sessions.stores.redis import RedisStore
from authdemo.sessions.stores.sqlite import SQLiteStore
from tests.support.house import ADA, SECRET, Person

HERE, THERE = "192.0.2.1", "192.0.2.2"
LIMIT = 3
OF_AN_ADDRESS = 30


class Authorize:
    """An app that takes its time over each guess, and counts them."""

    def __init__(self) -> None:
        self.guesses = 0
        self._asked = asyncio.Semaphore(0)
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def __call__(self, credentials):
        self.guesses += 1
        self._asked.release()
        await asyncio.sleep(0)
        await self.may_answer.wait()
        return ADA if credentials["password"] == "right" else None

    async def is_asked(self, times: int) -> None:
        """Wait until so many more guesses are made."""
        for _ in range(times):
            await self._asked.acquire()


@pytest.fixture(params=["sqlite", "redis"])
def workers(request, tmp_path, clock):
    """Open the app, as one worker or as two that share a Redis."""
    name = new_id()

    def store():
        if request.param == "sqlite":
            return SQLiteStore(tmp_path / "sessions.db")
        url = request.getfixturevalue("redis").url
        return RedisStore(url, name=name, clock=clock)

    async def opened(stack, authorize):
        settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path, login_rate=Rate(LIMIT, 60))
        own = [store() for _ in range(1 if request.param == "sqlite" else 2)]
        for each in own:
            await each.open()
            stack.push_async_callback(each.close)
        providers = [Credentials(authorize=authorize)]
        return [
            Engine(providers=providers, settings=settings, user=Person, clock=clock, store=each)
            for each in own
        ]

    return opened


async def enter(auth, account="ada", password="wrong", address=HERE):
    credentials = {"id": account, "password": password}
    return await auth.logins.authorize("credentials", credentials, device=Device(ip=address))


async def enter_all(auths, accounts, **what):
    tries = (enter(auths[n % len(auths)], each, **what) for n, each in enumerate(accounts))
    return await asyncio.gather(*tries, return_exceptions=True)


def kinds(answers):
    return {type(each) for each in answers}


async def test_concurrent_attempts_of_one_account_are_limited(workers):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        answers = await enter_all(auths, ["ada"] * 40)
        assert authorize.guesses == LIMIT
        assert kinds(answers) == {CredentialsSignin, TooManyAttempts}


async def test_concurrent_attempts_of_one_address_are_limited(workers):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        await enter_all(auths, [f"account {number}" for number in range(200)])
        assert authorize.guesses == OF_AN_ADDRESS
        assert await enter(auths[0], "grace", "right", THERE)


async def test_concurrent_sign_ins_with_right_passwords_all_succeed(workers):
    async with AsyncExitStack() as stack:
        auths = await workers(stack, Authorize())
        answers = await enter_all(auths, ["ada"] * 10, password="right")
        answers += await enter_all(auths, map(str, range(100)), password="right")
        assert not any(isinstance(each, Exception) for each in answers)


async def test_attempt_beyond_the_limit_waits_for_those_running(workers):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        authorize.may_answer.clear()
        guesses = [asyncio.create_task(enter(auths[0])) for _ in range(LIMIT - 1)]
        own = [asyncio.create_task(enter(auths[0], password="right")) for _ in range(2)]
        late = asyncio.create_task(enter(auths[-1], password="right"))
        await authorize.is_asked(LIMIT)
        await asyncio.wait([late], timeout=0.2)
        assert (authorize.guesses, late.done()) == (LIMIT, False)
        authorize.may_answer.set()
        assert await asyncio.gather(*own, late)
        assert kinds(await asyncio.gather(*guesses, return_exceptions=True)) == {CredentialsSignin}


async def test_cancelled_attempt_does_not_count(workers):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        authorize.may_answer.clear()
        guesses = [asyncio.create_task(enter(auths[0])) for _ in range(LIMIT + 2)]
        await authorize.is_asked(LIMIT)
        for guess in guesses:
            guess.cancel()
        await asyncio.wait(guesses)
        authorize.may_answer.set()
        for _ in range(LIMIT):
            with pytest.raises(CredentialsSignin):
                await enter(auths[-1])


async def test_attempt_that_never_ends_counts_until_the_window_ends(workers, clock):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        authorize.may_answer.clear()
        hanging = [asyncio.create_task(enter(auths[0])) for _ in range(LIMIT)]
        await authorize.is_asked(LIMIT)
        clock.advance(20)
        with pytest.raises(TooManyAttempts) as refused:
            await enter(auths[-1], password="right")
        assert refused.value.retry_after == 40
        clock.advance(40)
        hanging.append(asyncio.create_task(enter(auths[-1], password="right")))
        await authorize.is_asked(1)
        for each in hanging:
            each.cancel()
        await asyncio.wait(hanging)


async def test_attempt_that_never_ends_keeps_others_waiting_no_longer_after_step_back(
    workers, clock
):
    async with AsyncExitStack() as stack:
        authorize = Authorize()
        auths = await workers(stack, authorize)
        authorize.may_answer.clear()
        hanging = [asyncio.create_task(enter(auths[0])) for _ in range(LIMIT)]
        await authorize.is_asked(LIMIT)
        clock.advance(-120)
        async with asyncio.timeout(5):
            with pytest.raises(TooManyAttempts):
                await enter(auths[-1], password="right")
        for each in hanging:
            each.cancel()
        await asyncio.wait(hanging)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("a socket", "another socket", True),
        ("192.0.2.1", "a socket", False),
    ],
)
async def test_ipv6_network_of_a_subscriber_is_one_address(workers, one, other, is_same):
    async with AsyncExitStack() as stack:
        (auth, *_) = await workers(stack, Authorize())
        for _ in range(LIMIT):
            with pytest.raises(CredentialsSignin):
                await enter(auth, address=one)
        with pytest.raises(TooManyAttempts if is_same else CredentialsSignin):
            await enter(auth, address=other)
