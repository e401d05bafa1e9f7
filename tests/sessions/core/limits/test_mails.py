"""So many mails of a kind to a mailbox, of which one network requests half."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.errors import TooManyAttempts
from authdemo.sessions.core.rate_limit import MailLimit
from authdemo.sessions.core.settings import Rate

OWNER, ATTACKER, OTHER = "192.0.2.1", "198.51.100.2", "203.0.113.3"
RESET_AGE = 1800


@pytest.fixture
def limit(house, clock):
    return MailLimit.of(house.store, Rate(4, 60), Rate(40, 60), clock=clock)


async def is_full(limit, address, *, kind="reset", mailbox="ada@example.org"):
    try:
        await limit.take(kind, mailbox, address)
    except TooManyAttempts:
        return True
    return False


async def count(limit, address, *, kind="reset"):
    """Request mails until there are too many, and return how many that were."""
    number = 0
    while not await is_full(limit, address, kind=kind):
        number += 1
    return number


async def test_owner_still_gets_mail_after_another_network_has_used_up_its_half(limit):
    assert await count(limit, ATTACKER) == 2
    assert await count(limit, OWNER) == 2


async def test_full_mailbox_gets_mail_again_when_its_newest_link_expires(limit, clock):
    assert await count(limit, ATTACKER) == 2
    assert await count(limit, OTHER) == 2
    assert await count(limit, OWNER) == 0
    clock.now += RESET_AGE
    assert not await is_full(limit, OWNER)


async def test_one_kind_uses_up_no_other(limit):
    assert await count(limit, ATTACKER, kind="change_email") == 2
    assert await count(limit, OTHER, kind="change_email") == 2
    assert await count(limit, OWNER) == 2


async def test_network_is_limited_for_all_mailboxes(limit):
    for number in range(40):
        assert not await is_full(limit, ATTACKER, mailbox=f"{number}@example.org")
    assert await is_full(limit, ATTACKER, mailbox="41@example.org")
    assert not await is_full(limit, OWNER)
