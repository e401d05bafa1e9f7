"""Sessions of programs: their life, their limits and their tokens."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from authdemo.sessions.core.bearer import BearerTokens
from authdemo.sessions.core.errors import ConfigurationError, TokenError
from authdemo.sessions.core.options import SessionOptions
from tests.support.house import ADA, HOUR, OPTIONS, House


async def issue(house: House, **options: Any) -> str:
    given: dict[str, Any] = {
        "name": "Backup",
        "scopes": (),
        "max_age": 48 * HOUR,
        "device": None,
    } | options
    return await BearerTokens(house.sessions).issue(ADA, **given)


async def test_token_expires_at_its_age_however_much_it_is_used(house: House) -> None:
    token = await issue(house)
    house.clock.advance(hours=47)
    record = await BearerTokens(house.sessions).verify(token)
    assert await house.sessions.renew(record) is not None
    await house.rename(record, "Countess")
    assert (await BearerTokens(house.sessions).verify(token)).user["name"] == "Countess"
    house.clock.advance(hours=1, seconds=1)
    with pytest.raises(TokenError, match="ended"):
        await BearerTokens(house.sessions).verify(token)


async def test_token_may_live_longer_than_a_browsers_session(house: House) -> None:
    token = await issue(house, max_age=OPTIONS.absolute_age * 2)
    house.clock.advance(OPTIONS.absolute_age + 1)
    assert await BearerTokens(house.sessions).verify(token)


async def test_session_token_for_a_programs_record_is_rejected(house: House) -> None:
    record = await BearerTokens(house.sessions).verify(await issue(house))
    with pytest.raises(TokenError, match="ended"):
        await house.sessions.verify(house.sessions.serializers.issue_token(record))
    browser = await house.sign_in()
    with pytest.raises(TokenError, match="not a bearer token"):
        await BearerTokens(house.sessions).verify(house.sessions.serializers.issue_token(browser))


async def test_limit_of_sessions_leaves_programs_alone(
    open_house: Callable[..., Coroutine[Any, Any, House]],
) -> None:
    house = await open_house(options=SessionOptions(max_sessions_per_user=1))
    token, first = await issue(house), await house.sign_in()
    assert await house.sessions.find(first.id)
    second = await house.sign_in()
    await issue(house)
    assert await house.sessions.find(first.id) is None
    assert await house.sessions.find(second.id)
    assert await BearerTokens(house.sessions).verify(token)


@pytest.mark.parametrize(
    "options",
    [{"scopes": "read"}, {"scopes": ["a b"]}, {"scopes": [""]}, {"max_age": 0}, {"max_age": 10**9}],
)
async def test_invalid_scope_or_age_is_rejected(house: House, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        await issue(house, **options)
