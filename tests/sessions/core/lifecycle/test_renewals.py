"""Renewal of sessions in use."""

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


async def test_read_with_young_token_issues_no_token(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR - 1)
    assert await read(house, token) is None
    assert await house.sessions.find(record.id) == record


async def test_read_with_old_token_renews_the_session(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    renewed = await read(house, token)
    assert renewed.expires_at == record.expires_at + HOUR
    assert renewed.rev == record.rev
    assert await house.sessions.find(record.id) == renewed
    assert house.notices == [SessionChanged(renewed, {})]


async def test_second_read_with_the_same_old_token_gets_a_token_without_renewal(house):
    token = house.sessions.serializers.issue_token(await house.sign_in())
    house.clock.advance(HOUR)
    renewed = await read(house, token)
    house.clock.advance(60)
    assert await read(house, token) == renewed
    assert len(house.notices) == 1


async def test_read_with_token_of_older_revision_gets_a_token_without_renewal(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    revised = await house.rename(record, "Ada")
    house.clock.advance(60)
    assert await read(house, token) == revised
    fresh = house.sessions.serializers.issue_token(revised)
    assert await read(house, fresh) is None


async def test_renewal_after_concurrent_update_keeps_the_update(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    verified = await house.verify(token)
    revised = await house.rename(record, "Ada")
    record = await house.sessions.renew(verified.record)
    assert record == revised
    assert house.sessions.is_token_stale(verified, record)
    assert await house.sessions.find(record.id) == revised


async def test_renewal_after_concurrent_sign_out_revives_nothing(house):
    record = await house.sign_in()
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(HOUR)
    verified = await house.verify(token)
    await house.sessions.end(record.id, "signed-out")
    assert await house.sessions.renew(verified.record) is None
    assert await house.read(token) is None


async def test_session_in_use_is_renewed_up_to_its_absolute_age(house):
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


async def test_younger_token_does_not_delay_renewal(house):
    record = await house.sign_in()
    house.clock.advance(HOUR - 1)
    token = house.sessions.serializers.issue_token(record)
    house.clock.advance(1)
    assert (await read(house, token)).expires_at == record.expires_at + HOUR


@pytest.mark.parametrize("asked", [{}, {"name": "Ada Lovelace"}])
async def test_update_without_changes_renews_like_a_read(house, asked):
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


async def test_renewal_of_an_ended_session_returns_none(house):
    record = await house.sign_in()
    house.clock.advance(HOUR)
    await house.sessions.end(record.id, "signed-out")
    assert await house.sessions.renew(record) is None
    assert await house.sessions.find(record.id) is None
