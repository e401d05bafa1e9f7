"""How a session that is used lives on, and that one that isn't doesn't."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.events import SessionChanged
from authdemo.sessions.core.utils import iso
from tests.support.house import HOUR, OPTIONS


async def read(house, token):
    """Read a session as a request does; tells which session the new cookie shows, if any."""
    verified = await house.verify(token)
    record = await house.sessions.renew(verified.record)
    return record if house.sessions.is_token_stale(verified, record) else None


async def test_a_read_does_not_mint(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR - 1)
    assert await read(house, token) is None
    assert await house.sessions.find(record.id) == record


async def test_a_read_with_an_old_token_renews_the_session(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    renewed = await read(house, token)
    assert renewed.expires_at == record.expires_at + HOUR
    assert renewed.rev == record.rev
    assert await house.sessions.find(record.id) == renewed
    assert house.notices == [SessionChanged(renewed, {})]


async def test_a_second_tab_with_the_same_old_token_gets_a_cookie_and_renews_nothing(house):
    token = house.sessions.serializers.issue_token(await house.sign_in())
    house.clock.advance(HOUR)
    renewed = await read(house, token)
    house.clock.advance(60)
    assert await read(house, token) == renewed
    assert len(house.notices) == 1


async def test_a_read_with_a_token_behind_gets_a_cookie_and_renews_nothing(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    revised = await house.rename(record, "Ada")
    house.clock.advance(60)
    assert await read(house, token) == revised
    fresh = house.sessions.serializers.issue_token(revised)
    assert await read(house, fresh) is None


async def test_a_renewal_that_an_update_overtakes_keeps_the_update(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    verified = await house.verify(token)
    revised = await house.rename(record, "Ada")
    record = await house.sessions.renew(verified.record)
    assert record == revised
    assert house.sessions.is_token_stale(verified, record)
    assert await house.sessions.find(record.id) == revised


async def test_a_renewal_that_a_sign_out_overtakes_revives_nothing(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    verified = await house.verify(token)
    await house.sessions.end(record.id, "signed-out")
    assert await house.sessions.renew(verified.record) is None
    assert await house.read(token) is None


async def test_a_session_in_use_lives_on_up_to_its_absolute_age(house):
    record = await house.sign_in()
    for hours in range(1, 72):
        token = house.sessions.serializers.issue_token(record)
        house.clock.advance(HOUR)
        record = await read(house, token)
        assert record.expires_at <= record.created_at + OPTIONS.absolute_age, hours
    house.clock.advance(HOUR - 1)
    assert await house.sessions.find(record.id)
    house.clock.advance(1)
    assert await house.sessions.find(record.id) is None


async def test_a_token_that_was_minted_since_puts_no_renewal_off(house):
    record = await house.sign_in()
    house.clock.advance(HOUR - 1)
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(1)
    assert (await read(house, token)).expires_at == record.expires_at + HOUR


@pytest.mark.parametrize("asked", [{}, {"name": "Ada Lovelace"}])
async def test_an_update_that_changes_nothing_renews_as_a_read_does(house, asked):
    record = await house.sign_in()
    house.clock.advance(HOUR - 1)
    assert await house.update(record.id, asked, author="client") == record
    house.clock.advance(1)
    revised = await house.sessions.update(record.id, asked, author="client")
    assert revised.record.rev == record.rev
    assert revised.record.expires_at == record.expires_at + HOUR
    assert revised.session["expires"] == iso(revised.record.expires_at)
    assert await read(house, revised.token) is None
    assert house.notices == [SessionChanged(revised.record, {})]


async def test_a_use_that_a_sign_out_overtakes_revives_nothing(house):
    record = await house.sign_in()
    house.clock.advance(HOUR)
    await house.sessions.end(record.id, "signed-out")
    assert await house.sessions.renew(record) is None
    assert await house.sessions.find(record.id) is None
