from __future__ import annotations

import json
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as make_ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as make_rsa
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from authdemo import forgery
from authdemo.devtools.attack_runner import AttackRunner
from authdemo.devtools.attacks import ATTACKS
from authdemo.devtools.state import _texts
from authdemo.forgery import RealToken
from authdemo.sessions.core.errors import (
    NotAuthenticated,
    RequestRejected,
    TokenError,
    TooManyUpdates,
)
from authdemo.sessions.core.keys import KeyPair, KeyRing, pair_of
from authdemo.sessions.core.record import Device, SessionRecord
from authdemo.sessions.core.schema import UserSchema
from authdemo.sessions.core.sessions import SessionService
from authdemo.sessions.core.settings import Rate, Settings
from authdemo.sessions.core.tokens import Claims, Verified
from authdemo.sessions.engine import Engine
from authdemo.sessions.http.api import Api
from authdemo.sessions.http.context import RequestContexts
from authdemo.sessions.http.cookies import CookieNames
from authdemo.sessions.http.csrf import Csrf
from authdemo.sessions.http.outermost import Origins
from authdemo.sessions.providers.credentials import Credentials
from tests.support.house import ADA, PASSWORD, SECRET, Person

BASE_URL = "https://app.example"
NAMES = CookieNames.of(BASE_URL)
DEVICE = Device(user_agent="Ada's browser", ip="192.0.2.7")
REASONS = {
    "flipped": "signature",
    "renamed": "signature",
    "unsigned": "form",
    "other_hash": "algorithm",
    "confused": "algorithm",
    "other_key": "signature",
    "own_key": "header",
    "path_key": "key",
    "critical": "header",
    "other_type": "type",
    "other_audience": "app",
    "expired": "expired",
    "other_user": "owner",
    "fixed_field": "fixed",
    "unknown_field": "no_such_field",
}


class Stand:
    """An app with its endpoints, a session, and an ear for all cookies that come in."""

    def __init__(self, folder: Path, *pairs: KeyPair, **settings: Any) -> None:
        keys = KeyRing([SECRET], pairs)
        self.engine = Engine(
            providers=[Credentials(authorize=lambda _: None)],
            settings=Settings(keys=keys, url=BASE_URL, data_dir=folder, **settings),
            user=Person,
        )
        self.visitors = RequestContexts(self.engine, Origins(BASE_URL))
        self.cookies: list[str] = []

    async def open(self) -> SessionRecord:
        await self.engine.sessions.store.open()
        return await self.engine.sessions.begin(ADA, PASSWORD)

    async def try_out(self, key: str) -> dict[str, Any]:
        record = await self.open()
        try:
            return await self.run(key, record)
        finally:
            self.left = await self.engine.sessions.find(record.id)
            await self.engine.sessions.store.close()

    async def run(self, key: str, record: SessionRecord) -> dict[str, Any]:
        sessions = self.engine.sessions

        async def stored() -> str:
            if await sessions.find(record.id) is None:
                raise NotAuthenticated
            return str((await sessions.find(record.id), await sessions.store.history(record.id)))

        runner = AttackRunner(
            app=self.app(),
            origin=BASE_URL,
            session_cookie=NAMES.session,
            csrf_cookie=NAMES.csrf,
            device=DEVICE,
            token=RealToken(
                sessions.serializers.issue_token(record), self.engine.settings.keys.signer
            ),
            verify=sessions.verify,
            stored=stored,
        )
        return await runner.run(key)

    def app(self) -> ASGIApp:
        inner = Api(self.engine, self.visitors).before(Starlette())

        async def listening(scope: Scope, receive: Receive, send: Send) -> None:
            self.cookies += [v.decode() for k, v in scope["headers"] if k == b"cookie"]
            await inner(scope, receive, send)

        return listening


PRIVATE: dict[str, Any] = {
    "EdDSA": Ed25519PrivateKey.generate,
    "ES256": lambda: make_ec(SECP256R1()),
    "RS256": lambda: make_rsa(65537, 2048),
}


def stand_of(algorithm: str, folder: Path) -> Stand:
    """A stand whose tokens are signed like that."""
    pairs = [pair_of(PRIVATE[algorithm](), "a key for tests")] if algorithm in PRIVATE else []
    return Stand(folder, *pairs)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


@pytest.fixture(params=["HS256", "EdDSA"])
def any_stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return stand_of(request.param, tmp_path)


@pytest.mark.parametrize("key", ATTACKS)
async def test_every_attack_fails_on_the_demo(any_stand: Stand, key: str) -> None:
    outcome = await any_stand.try_out(key)
    assert outcome["passed"] is True, outcome
    assert outcome["reason"].get("reason", "") == REASONS.get(key, "")
    if outcome["reason"].get("code") == "InvalidToken":
        assert f"attacks.token.{REASONS[key]}" in _texts("en")
    assert any_stand.left
    assert (any_stand.left.rev, any_stand.left.user["name"]) == (1, "Ada Lovelace")
    assert bool(outcome["altered"]) is not key.startswith("unaltered")


@pytest.mark.parametrize("key", ATTACKS)
async def test_outcomes_and_logs_hold_no_credential(
    stand: Stand, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    outcome = await stand.try_out(key)
    said = json.dumps(outcome) + caplog.text
    secrets = [
        part
        for cookie in stand.cookies
        for pair in cookie.split("; ")
        for part in pair.partition("=")[2].replace("%7C", ".").split(".")
    ]
    assert any(len(part) > 100 for part in secrets)
    assert [part for part in secrets if len(part) > 20 and part in said] == []


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
@pytest.mark.parametrize(
    "key", ["unaltered", "confused", "other_hash", "other_key", "own_key", "path_key"]
)
async def test_keys_of_every_kind_are_tried(tmp_path: Path, algorithm: str, key: str) -> None:
    outcome = await stand_of(algorithm, tmp_path).try_out(key)
    assert outcome["passed"] is True, outcome
    assert outcome["reason"].get("reason", "") == REASONS.get(key, "")


async def test_key_generation_blocks_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    makers: list[threading.Thread] = []

    def make() -> RSAPrivateKey:
        makers.append(threading.current_thread())
        return make_rsa(65537, 2048)

    monkeypatch.setitem(forgery._MAKERS, "RS256", make)
    forgery.foreign_key.cache_clear()
    stand = stand_of("RS256", tmp_path)
    for _ in range(2):
        await stand.try_out("own_key")
    (maker,) = makers
    assert maker is not threading.current_thread()


async def test_old_revision_brings_the_newest_data_and_a_fresh_cookie(stand: Stand) -> None:
    outcome = await stand.try_out("old_revision")
    assert "Ada Lovelace" in outcome["body"]
    assert outcome["cookies"] == ["__Secure-authjs.session-token"]


async def test_rate_limited_attack_raises(tmp_path: Path) -> None:
    stand = Stand(tmp_path, update_rate=Rate(1, 60))
    record = await stand.open()
    await stand.run("fixed_field", record)
    with pytest.raises(TooManyUpdates):
        await stand.run("fixed_field", record)
    await stand.engine.sessions.store.close()


async def test_attack_on_an_ended_session_raises(stand: Stand) -> None:
    record = await stand.open()
    await stand.engine.sessions.end(record.id, "signed-out")
    with pytest.raises(NotAuthenticated):
        await stand.run("flipped", record)
    await stand.engine.sessions.store.close()


class TestABrokenServer:
    """Where a rule is off, the outcome says so: each of these servers lacks one."""

    @pytest.mark.parametrize(
        "key", sorted(REASONS.keys() - {"flipped", "fixed_field", "unknown_field"})
    )
    async def test_server_that_accepts_any_token_is_detected(
        self, any_stand: Stand, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def believe(_: SessionService, token: str) -> Verified:
            claims = RealToken(token, any_stand.engine.settings.keys.signer).payload
            claims = {n: claims[n] for n in ("sub", "sid", "jti", "iat", "exp", "rev", "user")}
            record = await any_stand.engine.sessions.find(claims["sid"])
            if record is None:
                raise TokenError("over")
            return Verified(token, Claims(**claims), record)

        monkeypatch.setattr(SessionService, "verify", believe)
        assert (await any_stand.try_out(key))["passed"] is False

    @pytest.mark.parametrize("key", ["unaltered", "old_revision"])
    async def test_server_that_accepts_no_token_is_detected(
        self, stand: Stand, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def doubt(*_: object) -> Verified:
            raise TokenError("over")

        monkeypatch.setattr(SessionService, "verify", doubt)
        assert (await stand.try_out(key))["passed"] is False

    async def test_server_that_takes_no_update_is_detected(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> str:
            raise RequestRejected("No.")

        monkeypatch.setattr(stand.visitors.csrf, "check", refuse)
        assert (await stand.try_out("unaltered_update"))["passed"] is False

    @pytest.mark.parametrize("key", ["no_csrf", "other_csrf"])
    async def test_server_that_ignores_csrf_tokens_is_detected(
        self, stand: Stand, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Csrf, "check", lambda *_: "")
        assert (await stand.try_out(key))["passed"] is False

    async def test_server_that_accepts_foreign_origins_is_detected(self, stand: Stand) -> None:
        stand.visitors.origins = Origins(BASE_URL, also=["https://attacker.example"])
        assert (await stand.try_out("foreign_origin"))["passed"] is False

    @pytest.mark.parametrize("key", ["fixed_field", "unknown_field"])
    async def test_server_that_lets_clients_change_any_field_is_detected(
        self, stand: Stand, key: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def accept(_: UserSchema, current: Any, asked: Any, author: str) -> dict[str, Any]:
            return {name: value for name, value in asked.items() if name in current}

        monkeypatch.setattr(UserSchema, "accept", accept)
        assert (await stand.try_out(key))["passed"] is False

    async def test_server_that_restores_old_data_is_detected(
        self, stand: Stand, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        honest = stand.engine.sessions.verify

        async def gullible(_: SessionService, token: str) -> Verified:
            found = await honest(token)
            user = dict(found.claims.user)
            return Verified(token, found.claims, found.record.model_copy(update={"user": user}))

        monkeypatch.setattr(SessionService, "verify", gullible)
        assert (await stand.try_out("old_revision"))["passed"] is False
