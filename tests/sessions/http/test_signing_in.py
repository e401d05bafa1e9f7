"""Sign-ins that come to the endpoints at one moment, bounded for each address."""

from __future__ import annotations

import asyncio
from typing import Any

from authdemo.sessions.core.errors import TooManyAttempts
from authdemo.sessions.core.rate_limit import MAX_CONCURRENT
from authdemo.sessions.core.record import Device
from authdemo.sessions.providers.credentials import Credentials
from authdemo.testing.browser import AS_CLIENT
from tests.sessions.providers.house import open_house
from tests.support.house import ADA, Person

MORE = 3


async def sign_in(house, headers=AS_CLIENT, number=0):
    token = (await house.visitor.get("/api/auth/csrf")).json()["csrfToken"]
    form = {"csrfToken": token, "id": f"account {number}", "password": "right"}
    return await house.visitor.post("/api/auth/callback/credentials", data=form, headers=headers)


async def first_of(tasks, count):
    done: set[asyncio.Task[Any]] = set()
    pending = set(tasks)
    while len(done) < count:
        ready, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        done |= ready
    return [each.result() for each in done], pending


async def test_sign_ins_over_the_limit_of_their_address_are_rejected(tmp_path):
    may_answer = asyncio.Event()

    async def authorize(credentials):
        await may_answer.wait()
        return ADA

    async with open_house(tmp_path, Credentials(authorize=authorize), user=Person) as house:
        await house.visitor.get("/api/auth/csrf")
        tries = [
            asyncio.create_task(sign_in(house, number=number))
            for number in range(MAX_CONCURRENT + MORE)
        ]
        refused, others = await first_of(tries, MORE)
        for answer in refused:
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
            assert answer.json()["message"].startswith(
                "Too many sign-ins from your network are in progress."
            )
            assert answer.json()["url"].endswith("/login?error=TooManyAttempts&code=at_once")
        on_page = await sign_in(house, {"Accept": "text/html"})
        assert on_page.status_code == 302
        assert on_page.headers["Location"].endswith("/login?error=TooManyAttempts&code=at_once")
        assert (await house.last_audited()).reason == "TooManyAttempts"
        elsewhere = asyncio.create_task(
            house.engine.logins.authorize(
                "credentials", {"id": "ada", "password": "right"}, device=Device(ip="192.0.2.2")
            )
        )
        may_answer.set()
        assert (await elsewhere).user == ADA
        answers = await asyncio.gather(*others)
        assert {each.status_code for each in answers} == {200}
        assert (await sign_in(house)).status_code == 200


def test_rejected_sign_in_says_when_to_retry():
    message = "Too many sign-ins from your network are in progress."
    assert TooManyAttempts(2, message, reason="at_once").to_dict() == {
        "message": "Too many sign-ins from your network are in progress. Try again in 2 seconds.",
        "code": "TooManyAttempts",
        "reason": "at_once",
        "values": {"seconds": 2},
    }
