from __future__ import annotations

import hmac
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization as se
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.errors import ConfigurationError, TokenError
from authdemo.sessions.core.keys import KeyPair, KeyRing, read_pair
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.core.tokens import (
    MAX_TOKEN_BYTES,
    SESSION_TYPE,
    AccessTokens,
    Claims,
    TokenCodec,
)
from authdemo.testing import FrozenClock
from tests.support.house import OTHER_SECRET, SECRET

PRIVATE: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}
WEAK = {
    "an RSA key of 1024 bits": rsa.generate_private_key(65537, 1024),
    "another curve": ec.generate_private_key(ec.SECP384R1()),
}
CLOCK = FrozenClock()
AT_ANY_TIME: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


def pem(private, password: bytes | None = None) -> bytes:
    lock = se.BestAvailableEncryption(password) if password else se.NoEncryption()
    return bytes(private.private_bytes(se.Encoding.PEM, se.PrivateFormat.PKCS8, lock))


def write(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    path = folder / "key.pem"
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, KeyPair]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: read_pair(write(folder, pem(key))) for name, key in PRIVATE.items()}


def codec(ring: KeyRing) -> TokenCodec:
    return TokenCodec(ring, issuer="tests", max_age=3600, clock=CLOCK)


def claims() -> Claims:
    now = int(CLOCK())
    user = {"id": "ada", "name": "A" * 64, "image": "https://example.org/" + "x" * 1000}
    return Claims(sub="ada", sid="s", jti="j", iat=now, exp=now + 60, rev=1, user=user)


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_token_of_a_key_pair_verifies_and_fits_into_a_cookie(algorithm, pairs):
    tokens = codec(KeyRing([SECRET], [pairs[algorithm]]))
    token = tokens.encode(claims())
    assert jwt.get_unverified_header(token)["alg"] == algorithm
    assert tokens.decode(token) == claims()
    assert len(token) <= MAX_TOKEN_BYTES


def test_token_of_the_secret_verifies_when_a_pair_signs(pairs):
    old = codec(KeyRing([SECRET])).encode(claims())
    assert codec(KeyRing([SECRET], [pairs["EdDSA"]])).decode(old) == claims()
    with pytest.raises(TokenError):
        codec(KeyRing([OTHER_SECRET], [pairs["EdDSA"]])).decode(old)


def test_key_pairs_rotate(pairs):
    old = codec(KeyRing([SECRET], [pairs["RS256"]])).encode(claims())
    rotated = KeyRing([SECRET], [pairs["ES256"], pairs["RS256"]])
    assert codec(rotated).decode(old) == claims()
    assert rotated.signer.kid == pairs["ES256"].kid
    with pytest.raises(TokenError):
        codec(KeyRing([SECRET], [pairs["ES256"]])).decode(old)


@given(
    signs=st.sampled_from(list(PRIVATE)),
    says=st.sampled_from([*PRIVATE, "HS256", "none", "PS256"]),
    named=st.sampled_from([*PRIVATE, "secret"]),
)
def test_key_is_used_with_its_algorithm_and_id_only(pairs, signs, says, named):
    ring = KeyRing([SECRET], pairs.values())
    kids = {name: pair.kid for name, pair in pairs.items()} | {"secret": ring.signing.kid}
    payload = codec(ring)._payload(claims())
    headers = {"typ": SESSION_TYPE, "kid": kids[named]}
    token = jwt.encode(payload, PRIVATE[signs], signs, headers=headers)
    header, rest = token.split(".", 1)
    relabelled = {**jwt.get_unverified_header(token), "alg": says}
    header = jwt.utils.base64url_encode(json.dumps(relabelled).encode()).decode()
    if signs == says == named:
        return
    with pytest.raises(TokenError):
        codec(ring).decode(f"{header}.{rest}")


@pytest.mark.parametrize("algorithm", PRIVATE)
def test_public_key_is_rejected_as_an_hmac_secret(algorithm, pairs):
    ring = KeyRing([SECRET], pairs.values())
    public = pairs[algorithm].public.public_bytes(
        se.Encoding.DER, se.PublicFormat.SubjectPublicKeyInfo
    )
    for kid in (pairs[algorithm].kid, ring.signing.kid):
        header = {"alg": "HS256", "typ": SESSION_TYPE, "kid": kid}
        parts = (json.dumps(part).encode() for part in (header, codec(ring)._payload(claims())))
        said = b".".join(map(jwt.utils.base64url_encode, parts))
        mac = jwt.utils.base64url_encode(hmac.digest(public, said, "sha256"))
        forged = (said + b"." + mac).decode()
        with pytest.raises(TokenError):
            codec(ring).decode(forged)


def test_set_of_keys_verifies_and_holds_nothing_private(pairs):
    ring = KeyRing([SECRET, OTHER_SECRET], pairs.values())
    names = {name for jwk in ring.jwks["keys"] for name in jwk}
    assert names == {"kty", "crv", "x", "y", "n", "e", "kid", "use", "alg"}
    for pair, jwk in zip(pairs.values(), ring.jwks["keys"], strict=True):
        token = codec(KeyRing([SECRET], [pair])).encode(claims())
        key = jwt.PyJWK(jwk)
        assert jwt.decode(token, key, audience="tests", options=AT_ANY_TIME)
        assert "PrivateKey" not in repr(pair)
    assert KeyRing([SECRET]).jwks == {"keys": []}


def test_thumbprint_is_as_rfc_7638_says(tmp_path):
    """RFC 8037 appendix A.3: the key of appendix A.1 and its thumbprint."""
    seed = jwt.utils.base64url_decode(b"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    pair = read_pair(write(tmp_path, pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed))))
    assert pair.jwk["x"] == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    assert pair.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize("name", WEAK)
def test_weak_key_stops_the_start(name, tmp_path):
    with pytest.raises(ConfigurationError, match="Ed25519, P-256, or RSA with at least 2048"):
        read_pair(write(tmp_path, pem(WEAK[name])))


@pytest.mark.parametrize(
    "content",
    [b"", b"junk", SECRET.encode(), pem(PRIVATE["EdDSA"], b"a password")],
    ids=["empty", "junk", "a secret", "locked"],
)
def test_invalid_key_stops_the_start_and_is_not_shown(content, tmp_path):
    with pytest.raises(ConfigurationError, match="AUTH_SIGNING_KEYS") as refused:
        read_pair(write(tmp_path, content))
    assert SECRET not in refused.value.message


def test_world_readable_key_stops_the_start(tmp_path):
    path = write(tmp_path, pem(PRIVATE["ES256"]), mode=0o644)
    with pytest.raises(ConfigurationError, match="all users may read"):
        read_pair(path)


def test_environment_names_the_files(tmp_path, pairs):
    path = write(tmp_path, pem(PRIVATE["ES256"]))
    environ = {"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path)}
    settings = Settings.from_environ(environ | {"AUTH_SIGNING_KEYS": f" {path}, "})
    assert settings.keys.signer.kid == pairs["ES256"].kid
    with pytest.raises(ConfigurationError, match="AUTH_SIGNING_KEYS"):
        Settings.from_environ(environ | {"AUTH_SIGNING_KEYS": str(tmp_path / "nowhere.pem")})


def access(ring: KeyRing) -> AccessTokens:
    return AccessTokens(ring, issuer="https://app.example", client="tests", clock=CLOCK)


def test_another_service_verifies_a_token_that_was_made_for_it(pairs):
    ring = KeyRing([SECRET], [pairs["EdDSA"]])
    token = access(ring).issue_token("ada", audience="billing", max_age=60, claims={"plan": "gold"})
    key = jwt.PyJWKSet.from_dict(ring.jwks)[jwt.get_unverified_header(token)["kid"]]
    said = jwt.decode(
        token, key, audience="billing", issuer="https://app.example", options=AT_ANY_TIME
    )
    assert (said["sub"], said["plan"], said["client_id"]) == ("ada", "gold", "tests")
    assert said["exp"] - said["iat"] == 60
    assert jwt.get_unverified_header(token)["typ"] == "at+jwt"
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(token, key, audience="another", options=AT_ANY_TIME)


def test_token_for_another_service_is_rejected_as_a_session_token(pairs):
    ring = KeyRing([SECRET], [pairs["EdDSA"]])
    with pytest.raises(TokenError):
        codec(ring).decode(access(ring).issue_token("ada", audience="tests", max_age=60))


def test_access_token_needs_a_key_pair():
    with pytest.raises(ConfigurationError, match="AUTH_SIGNING_KEYS"):
        access(KeyRing([SECRET])).issue_token("ada", audience="billing", max_age=60)


@pytest.mark.parametrize(
    "asked",
    [
        {"audience": "", "max_age": 60},
        {"audience": "billing", "max_age": 0},
        {"audience": "billing", "max_age": 60, "claims": {"sub": "grace"}},
    ],
)
def test_access_token_without_bounds_or_with_a_reserved_claim_is_rejected(asked, pairs):
    with pytest.raises(ConfigurationError):
        access(KeyRing([SECRET], [pairs["EdDSA"]])).issue_token("ada", **asked)
