"""A sign-in ticket is good once, soon, and in one browser."""

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
    provider="credentials",
    callback_url="/client",
    browser="b1",
)


@pytest.fixture
def tickets(house):
    return OneTimeStore(LoginTicket, house.store, clock=house.clock)


async def refuses(tickets, ticket, browser="b1"):
    with pytest.raises(TicketRejected):
        await redeem_ticket(tickets, ticket, browser=browser)
    return True


async def test_a_ticket_is_exchanged_for_what_it_stands_for(tickets):
    assert await redeem_ticket(tickets, await tickets.put(TICKET), browser="b1") == TICKET


async def test_it_is_good_once(tickets):
    ticket = await tickets.put(TICKET)
    await redeem_ticket(tickets, ticket, browser="b1")
    assert await refuses(tickets, ticket)


async def test_of_many_who_bring_it_at_once_one_is_let_in(tickets):
    ticket = await tickets.put(TICKET)
    tries = (redeem_ticket(tickets, ticket, browser="b1") for _ in range(20))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert answers.count(TICKET) == 1


async def test_it_is_good_for_a_short_time(tickets, house):
    in_time, late = await tickets.put(TICKET), await tickets.put(TICKET)
    house.clock.advance(LoginTicket.MAX_AGE - 1)
    assert await redeem_ticket(tickets, in_time, browser="b1")
    house.clock.advance(1)
    assert await refuses(tickets, late)


async def test_another_browser_is_refused_and_the_ticket_is_used_up(tickets):
    ticket = await tickets.put(TICKET)
    assert await refuses(tickets, ticket, browser="b2")
    assert await refuses(tickets, ticket)


async def test_a_browser_without_a_name_is_another_browser(tickets):
    assert await refuses(tickets, await tickets.put(TICKET), browser="")


@pytest.mark.parametrize("ticket", ["", "x", "0" * 40, "' OR 1=1 --", "\0", "\ud800", "x" * 10_000])
async def test_what_was_never_given_out_is_refused(tickets, ticket):
    await tickets.put(TICKET)
    assert await refuses(tickets, ticket)


async def test_who_reads_the_database_finds_no_ticket(tickets, tmp_path):
    ticket = await tickets.put(TICKET)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"callback_url" in kept
    assert ticket.encode() not in kept
