"""Access tokens for the providers' APIs: kept encrypted, and refreshed once for everybody."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from authdemo.sessions.core.errors import (
    ConfigurationError,
    NotAuthenticated,
    ProviderTokenUnavailable,
    StoreUnavailable,
)
from authdemo.sessions.core.record import SessionRecord
from authdemo.sessions.core.schema import User
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.providers import (
    Credentials,
    OpenIDConnect,
    auth0,
    google,
    keycloak,
    microsoft,
)
from authdemo.sessions.providers.base import Identity, default_user
from authdemo.sessions.stores.redis import RedisStore
from authdemo.sessions.stores.sqlite import SQLiteStore
from tests.oidc.cheat import CLIENT, Cheat
from tests.oidc.steps import query_of
from tests.sessions.providers.house import House, open_house
from tests.support.house import SECRET
from tests.support.redis import Redis

Opened: TypeAlias = contextlib.AbstractAsyncContextManager[House]

HOUR = 3600
NEW_SECRET = "another secret for tests, 32 bytes"


@pytest.fixture
def cheat(cheat: Cheat) -> Cheat:
    """The provider, with access tokens that expire and refresh tokens that are valid once."""
    cheat.lifetime, cheat.rotates = HOUR, True
    return cheat


def oidc(cheat: Cheat, **more: Any) -> OpenIDConnect:
    options = {"store_tokens": True, **more}
    return OpenIDConnect(issuer=cheat.issuer, client_id=CLIENT, **options)


@pytest.fixture
def opened(tmp_path: Path, cheat: Cheat) -> Opened:
    """An app that stores that provider's tokens."""
    return open_house(tmp_path, oidc(cheat))


async def signed_in(house: House, cheat: Cheat) -> SessionRecord:
    answer = query_of(cheat.authorize(await house.go("oidc")))
    await house.oauth_callback("oidc", answer)
    return await found(house, cheat)


async def found(house: House, cheat: Cheat) -> SessionRecord:
    (record,) = await house.engine.sessions.list_by_user(f"{cheat.issuer}#eve")
    return record


async def token(house: House, record: SessionRecord, provider: str = "oidc") -> str:
    return await house.engine.provider_tokens.get(record, house.engine.logins.provider(provider))


def contents(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in folder.iterdir()]


async def reason(house: House, record: SessionRecord) -> str:
    """Return why there is no access token."""
    with pytest.raises(ProviderTokenUnavailable) as unavailable:
        await token(house, record)
    return unavailable.value.reason


async def test_access_token_is_reused_until_it_is_about_to_expire(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        assert await token(house, record) == "access-1"
        house.clock.advance(HOUR - 31)
        assert await token(house, record) == "access-1"
        house.clock.advance(1)
        assert await token(house, record) == "access-2"


@pytest.mark.parametrize("rotates", [True, False])
async def test_token_is_refreshed_again_and_again(
    opened: Opened, cheat: Cheat, *, rotates: bool
) -> None:
    async with opened as house:
        cheat.rotates = rotates
        await signed_in(house, cheat)
        for number in range(2, 5):
            house.clock.advance(HOUR)
            assert await token(house, await found(house, cheat)) == f"access-{number}"


async def test_concurrent_calls_refresh_once(opened: Opened, cheat: Cheat) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        house.clock.advance(HOUR)
        tokens = await asyncio.gather(*(token(house, record) for _ in range(20)))
        assert set(tokens) == {"access-2"}
        assert cheat.issued == 2


async def test_two_workers_refresh_once(tmp_path: Path, cheat: Cheat, redis: Redis) -> None:
    cheat.on_refresh = lambda: time.sleep(0.3)  # so that the other worker has to wait
    name = new_id()
    async with contextlib.AsyncExitStack() as stack:
        first, second = [
            await stack.enter_async_context(
                open_house(tmp_path, oidc(cheat), store=RedisStore(redis.url, name=name))
            )
            for _ in range(2)
        ]
        record = await signed_in(first, cheat)
        for worker in (first, second):
            worker.clock.advance(HOUR)
        for number in (2, 3):
            tokens = await asyncio.gather(*(token(each, record) for each in (first, second) * 5))
            assert set(tokens) == {f"access-{number}"}
            for worker in (first, second):
                worker.clock.advance(HOUR)
        await first.engine.sessions.end(record.id, "signed-out")
        with pytest.raises(NotAuthenticated):
            await token(second, record)
        assert redis.ask("KEYS", f"{name}:session*") == []


async def test_cancelled_call_keeps_the_rotated_refresh_token(opened: Opened, cheat: Cheat) -> None:
    async with opened as house:
        record, loop = await signed_in(house, cheat), asyncio.get_running_loop()
        is_asked = asyncio.Event()
        cheat.on_refresh = lambda: loop.call_soon_threadsafe(is_asked.set)
        house.clock.advance(HOUR)
        call = asyncio.create_task(token(house, record))
        await is_asked.wait()
        call.cancel()
        assert await token(house, record) == "access-2"
        house.clock.advance(HOUR)
        assert await token(house, record) == "access-3"


async def test_store_that_is_away_gets_the_rotated_refresh_token_later(
    tmp_path: Path, cheat: Cheat, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SQLiteStore(tmp_path / "own.db")
    async with open_house(tmp_path, oidc(cheat), store=store) as house:
        record, replace, failures = await signed_in(house, cheat), store.replace, iter(range(3))

        async def fail(*records: Any, **expected: Any) -> Any:
            if next(failures, None) is not None:
                raise StoreUnavailable
            return await replace(*records, **expected)

        monkeypatch.setattr(store, "replace", fail)
        for number in (2, 3):
            house.clock.advance(HOUR)
            assert await token(house, record) == f"access-{number}"


async def test_update_during_a_refresh_is_kept_with_the_new_token(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        house.clock.advance(HOUR)
        update = house.engine.sessions.update(record.id, {"name": "Evelyn"}, author="server")
        await asyncio.gather(token(house, record), update)
        assert (await found(house, cheat)).user["name"] == "Evelyn"
        assert await token(house, await found(house, cheat)) == "access-2"
        assert cheat.issued == 2


async def test_refresh_extends_no_session_and_shows_users_no_change(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        before = await signed_in(house, cheat)
        house.clock.advance(HOUR)
        await token(house, before)
        after = await found(house, cheat)
        for name in ("rev", "expires_at", "last_seen_at", "user", "claims"):
            assert getattr(after, name) == getattr(before, name)


async def test_provider_that_is_down_is_asked_again_later(opened: Opened, cheat: Cheat) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        cheat.is_down = True
        house.clock.advance(HOUR - 10)
        assert await token(house, record) == "access-1"  # it is still valid
        house.clock.advance(10)
        assert await reason(house, record) == "unreachable"
        cheat.is_down = False
        house.clock.advance(10)
        assert await token(house, record) == "access-2"


async def test_revoked_grant_is_deleted(opened: Opened, cheat: Cheat) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        cheat.refresh_tokens.clear()
        house.clock.advance(HOUR)
        assert await reason(house, record) == "revoked"
        asked = len(cheat.asked)
        assert await reason(house, await found(house, cheat)) == "missing"
        assert len(cheat.asked) == asked


@pytest.mark.parametrize(
    "grant",
    [
        {"id_token": "junk"},
        {"access_token": "two\nlines"},
        {"access_token": "a" * 8193},
        {"access_token": None},
        {"refresh_token": 7},
        {"token_type": "mac"},
    ],
    ids=lambda grant: next(iter(grant)),
)
async def test_invalid_response_to_a_refresh_is_rejected(
    opened: Opened, cheat: Cheat, grant: dict[str, Any]
) -> None:
    async with opened as house:
        cheat.rotates = "refresh_token" in grant
        record = await signed_in(house, cheat)
        cheat.grant = grant
        house.clock.advance(HOUR)
        assert await reason(house, record) == "refused"


async def test_tokens_of_another_user_are_rejected(opened: Opened, cheat: Cheat) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        (code,) = cheat.nonces
        cheat.change = lambda claims: claims | {"sub": "mallory"}
        cheat.grant = {"id_token": cheat.id_token(code)}
        house.clock.advance(HOUR)
        assert await reason(house, record) == "refused"


async def test_sign_in_with_an_invalid_access_token_is_rejected(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        cheat.grant = {"access_token": "two\nlines"}
        answer = query_of(cheat.authorize(await house.go("oidc")))
        back = await house.oauth_callback("oidc", answer)
        assert query_of(back.headers["Location"])["code"] == "token"


async def test_token_without_a_refresh_token_is_used_until_it_expires(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        cheat.grant = {"refresh_token": None}
        record = await signed_in(house, cheat)
        house.clock.advance(HOUR - 1)
        assert await token(house, record) == "access-1"
        house.clock.advance(1)
        assert await reason(house, record) == "expired"


@pytest.mark.parametrize("expires_in", [None, "soon", -1])
async def test_token_without_a_known_expiry_is_not_refreshed(
    opened: Opened, cheat: Cheat, expires_in: object
) -> None:
    async with opened as house:
        cheat.grant = {"expires_in": expires_in}
        record = await signed_in(house, cheat)
        house.clock.advance(100 * HOUR)
        assert await token(house, record) == "access-1"


async def test_new_secret_decrypts_until_the_old_one_is_removed(
    tmp_path: Path, cheat: Cheat
) -> None:
    reopen, elapsed = (tmp_path, oidc(cheat)), 0

    @contextlib.asynccontextmanager
    async def house_with(*secrets: str) -> AsyncIterator[House]:
        async with open_house(*reopen, secrets=secrets) as house:
            house.clock.advance(elapsed)
            yield house

    async with house_with(SECRET) as house:
        await signed_in(house, cheat)
    async with house_with(NEW_SECRET) as house:
        assert await reason(house, await found(house, cheat)) == "undecipherable"
    elapsed = HOUR
    async with house_with(NEW_SECRET, SECRET) as house:
        assert await token(house, await found(house, cheat)) == "access-2"
    async with house_with(NEW_SECRET) as house:
        assert await token(house, await found(house, cheat)) == "access-2"


async def test_tokens_in_another_users_record_are_not_decrypted(
    opened: Opened, cheat: Cheat
) -> None:
    async with opened as house:
        record = await signed_in(house, cheat)
        assert record.provider_session
        theirs = record.provider_session.model_copy(update={"subject": "mallory"})
        moved = record.model_copy(update={"provider_session": theirs})
        assert await reason(house, moved) == "undecipherable"


async def test_tokens_are_shown_nowhere(
    tmp_path: Path, opened: Opened, cheat: Cheat, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened as house:
        cheat.grant = {"access_token": "s3cret-access", "refresh_token": "s3cret-refresh"}
        record = await signed_in(house, cheat)
        house.clock.advance(HOUR)
        cheat.refresh_tokens.add("s3cret-refresh")
        assert await token(house, record) == "s3cret-access"
        assert record.provider_session
        visitor, encrypted = house.visitor, record.provider_session.tokens
        shown = [(await visitor.get(f"/api/auth/{path}")).text for path in ("session", "token")]
        shown += [(await visitor.get("/api/auth/sessions")).text, caplog.text, repr(record)]
        shown += [repr(await house.last_audited()), *visitor.cookies.values()]
        assert len(shown) > 6
        for text in shown:
            assert "s3cret" not in text
            assert encrypted not in text
        assert not any(b"s3cret" in data for data in contents(tmp_path))


async def test_user_callback_gets_no_tokens(tmp_path: Path, cheat: Cheat) -> None:
    seen: list[Identity] = []

    def user(identity: Identity) -> User:
        seen.append(identity)
        return default_user(identity)

    async with open_house(tmp_path, oidc(cheat, user=user)) as house:
        await signed_in(house, cheat)
    assert [identity.tokens for identity in seen] == [None]


async def test_user_of_another_provider_has_no_token(tmp_path: Path, cheat: Cheat) -> None:
    async with open_house(tmp_path, oidc(cheat), oidc(cheat, id="other", name="Other")) as house:
        record = await signed_in(house, cheat)
        with pytest.raises(ProviderTokenUnavailable) as unavailable:
            await token(house, record, "other")
    assert (unavailable.value.reason, unavailable.value.values) == ("other", {"name": "Other"})


async def test_provider_keeps_no_tokens_by_default(tmp_path: Path, cheat: Cheat) -> None:
    password = Credentials(authorize=lambda _: None)
    async with open_house(tmp_path, oidc(cheat, store_tokens=False), password) as house:
        record = await signed_in(house, cheat)
        assert record.provider_session
        assert record.provider_session.tokens == ""
        for provider in ("oidc", "credentials"):
            with pytest.raises(ConfigurationError, match="Pass store_tokens=True"):
                await token(house, record, provider)


async def test_parameters_of_the_app_do_not_replace_the_packages_own(
    tmp_path: Path, cheat: Cheat
) -> None:
    own = {"access_type": "offline", "redirect_uri": "https://evil.example", "client_id": "other"}
    async with open_house(tmp_path, oidc(cheat, authorization_params=own)) as house:
        asked = await house.go("oidc")
    assert (asked["access_type"], asked["client_id"]) == ("offline", CLIENT)
    assert asked["redirect_uri"] == "http://localhost/api/auth/callback/oidc"


def test_presets_ask_for_a_refresh_token_if_tokens_are_stored() -> None:
    options: dict[str, Any] = {"client_id": "app", "store_tokens": True}
    assert google(**options).authorization_params == {"access_type": "offline"}
    assert "offline_access" in microsoft("0f2c", **options).scope
    assert "offline_access" in auth0("a.auth0.com", **options).scope
    assert keycloak("https://sso.example", "staff", **options).scope == "openid profile email"
    assert google(client_id="app").authorization_params == {}
    assert microsoft("0f2c", **options, scope="openid Mail.Read").scope == "openid Mail.Read"
