"""Login tickets: used once, soon, and in one browser."""

from __future__ import annotations

import asyncio

import pytest

from authdemo.sessions.core.errors import TicketRejected
from authdemo.sessions.core.one_time import LoginTicket, OneTimeStore, redeem_ticket
from authdemo.testing.thread import NOON
from tests.support.house import ADA

TICKET = LoginTicket(
    user=ADA.model_dump(),
    started_at=NOON,
    account={"provider": "credentials", "type": "credentials"},
    callback_url="/client",
    browser="b1",
)


@pytest.fixture
def tickets(house):
    return OneTimeStore(LoginTicket, house.store, clock=house.clock)


async def is_rejected(tickets, ticket, browser="b1"):
    with pytest.raises(TicketRejected):
        await redeem_ticket(tickets, ticket, browser=browser)
    return True


async def test_ticket_is_redeemed_for_its_login(tickets):
    assert await redeem_ticket(tickets, await tickets.put(TICKET), browser="b1") == TICKET


async def test_ticket_rejects_reuse(tickets):
    ticket = await tickets.put(TICKET)
    await redeem_ticket(tickets, ticket, browser="b1")
    assert await is_rejected(tickets, ticket)


async def test_ticket_redeemed_concurrently_is_accepted_once(tickets):
    ticket = await tickets.put(TICKET)
    tries = (redeem_ticket(tickets, ticket, browser="b1") for _ in range(20))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert answers.count(TICKET) == 1


async def test_ticket_expires(tickets, house):
    in_time, late = await tickets.put(TICKET), await tickets.put(TICKET)
    house.clock.advance(LoginTicket.MAX_AGE - 1)
    assert await redeem_ticket(tickets, in_time, browser="b1")
    house.clock.advance(1)
    assert await is_rejected(tickets, late)


async def test_ticket_of_another_browser_is_rejected_and_used_up(tickets):
    ticket = await tickets.put(TICKET)
    assert await is_rejected(tickets, ticket, browser="b2")
    assert await is_rejected(tickets, ticket)


async def test_ticket_rejects_a_browser_without_cookie(tickets):
    assert await is_rejected(tickets, await tickets.put(TICKET), browser="")


@pytest.mark.parametrize("ticket", ["", "x", "0" * 40, "' OR 1=1 --", "\0", "\ud800", "x" * 10_000])
async def test_ticket_rejects_unknown_values(tickets, ticket):
    await tickets.put(TICKET)
    assert await is_rejected(tickets, ticket)


async def test_store_holds_no_ticket_in_plain_text(tickets, tmp_path):
    ticket = await tickets.put(TICKET)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"callback_url" in kept
    assert ticket.encode() not in kept
