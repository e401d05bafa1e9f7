"""Each forgery is refused for what it is, by a ring of secrets and by one with a pair."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as se
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from authdemo.sessions.core.errors import TokenError
from authdemo.sessions.core.keys import KeyPair, KeyRing, read_pair
from authdemo.testing import FORGERIES, RealToken
from tests.support.house import SECRET, House, build

REASONS = {
    "expired": "expired",
    "from the future": "future",
    "of too long a life": "life",
    "of another user": "owner",
    "of a session that never was": "session",
    "for another app": "app",
    "of another kind": "type",
    "of another algorithm": "algorithm",
    "unsigned": "form",
    "of a foreign key": "key",
    "of a foreign key under the app's name": "signature",
    "tampered with": "signature",
    "with a flipped bit": "signature",
}


def pair(folder: Path) -> KeyPair:
    file = folder / "key.pem"
    file.touch(mode=0o600)
    private = Ed25519PrivateKey.generate()
    file.write_bytes(
        private.private_bytes(se.Encoding.PEM, se.PrivateFormat.PKCS8, se.NoEncryption())
    )
    return read_pair(file)


@pytest.fixture(params=["secrets", "a pair"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[House, KeyRing]:
    pairs = [pair(tmp_path)] if request.param == "a pair" else []
    return build(tmp_path, pairs=pairs), KeyRing([SECRET], pairs)


async def real_token(house: House, keys: KeyRing) -> RealToken:
    await house.store.open()
    record = await house.sign_in()
    return RealToken(house.sessions.serializers.issue_token(record), keys.signer)


async def test_token_signed_with_the_real_key_is_accepted(kept: tuple[House, KeyRing]) -> None:
    house, keys = kept
    real = await real_token(house, keys)
    for text in (real.text, real.headed(), real.saying(jti="another"), real.later(1)):
        assert await house.read(text)
    await house.store.close()


async def test_each_forgery_is_refused_for_what_it_is(kept: tuple[House, KeyRing]) -> None:
    house, keys = kept
    real = await real_token(house, keys)
    found = {}
    for name, forge in FORGERIES.items():
        with pytest.raises(TokenError) as refused:
            await house.sessions.verify(forge(real))
        found[name] = refused.value.reason
    assert found == REASONS
    await house.store.close()
