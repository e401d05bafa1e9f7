"""Only a token that this app minted, for this purpose and for now, is believed."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.forgery import MISSING, changed, sign, with_unused_bits
from authdemo.forgery import forge as forge_any
from authdemo.sessions.core.errors import TokenError, TokenTooLarge
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.tokens import (
    LEEWAY,
    MAX_STEP_BACK,
    MAX_TOKEN_BYTES,
    SESSION_CLAIMS,
    Claims,
    TokenCodec,
    base64url_encode,
)
from authdemo.testing import FrozenClock
from authdemo.testing.thread import NOON
from tests.support.house import OTHER_SECRET, SECRET

HOUR = 3600
NOW = int(NOON)
ALPHABET = string.ascii_letters + string.digits + "-_"
KEYS = KeyRing([SECRET])
KID = KEYS.signing.kid
HEADER = {"alg": "HS256", "typ": "session+jwt", "kid": KID}
PAYLOAD: dict[str, Any] = {
    "iss": "tests",
    "aud": "tests",
    "sub": "ada",
    "sid": "5e55",
    "jti": "70ce",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + HOUR,
    "rev": 3,
    "user": {"id": "ada", "name": "Ada"},
    "amr": ["pwd"],
    "level": 1,
}
CLAIMS = Claims(
    sub="ada",
    sid="5e55",
    jti="70ce",
    iat=NOW,
    exp=NOW + HOUR,
    rev=3,
    user=PAYLOAD["user"],
    amr=("pwd",),
)


def codec(clock: Callable[[], float] | None = None, keys: KeyRing = KEYS) -> TokenCodec:
    return TokenCodec(keys, issuer="tests", max_age=HOUR, clock=clock or FrozenClock())


def forge(
    header: Any = HEADER, payload: Any = PAYLOAD, secret: str = SECRET, algorithm: str = "HS256"
) -> str:
    """A token signed by hand, with whatever in it."""
    return forge_any(header, payload, secret, algorithm)


def refuses(token: Any, reason: str = "") -> bool:
    with pytest.raises(TokenError) as refused:
        codec().decode(token)
    return not reason or refused.value.reason == reason


def spelled(member: str, value: str) -> bytes:
    """The good payload, with a value that `json.dumps` would not write."""
    return json.dumps(changed(PAYLOAD, {member: "@"})).replace('"@"', value).encode()


GOOD = forge()
HEAD, BODY, SIGNATURE = GOOD.split(".")
_, OTHER_BODY, OTHER_SIGNATURE = forge(payload=PAYLOAD | {"rev": 4}).split(".")


def test_issued_token_is_read_again():
    assert codec().decode(codec().encode(CLAIMS)) == CLAIMS


def test_token_signed_by_hand_is_read():
    """So each refusal below is due to the one thing that is wrong."""
    assert codec().decode(GOOD) == CLAIMS


def test_issued_token_is_read_by_another_library():
    token = codec().encode(CLAIMS)
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
    payload = jwt.decode(
        token, SECRET, ["HS256"], audience="tests", issuer="tests", options=options
    )
    assert payload == PAYLOAD
    assert jwt.get_unverified_header(token) == HEADER


HEADERS: dict[str, Any] = {
    **{
        f"alg {alg!r}": {"alg": alg}
        for alg in ("none", "None", "NONE", "nOnE", "", "hs256", "HS384", "HS512")
    },
    **{f"alg {alg}": {"alg": alg} for alg in ("RS256", "PS256", "ES256", "EdDSA", "dir", "HS256 ")},
    "alg missing": {"alg": MISSING},
    "alg null": {"alg": None},
    "alg a list": {"alg": ["HS256"]},
    "alg twice": json.dumps(HEADER).replace("{", '{"alg": "none", ').encode(),
    **{
        f"typ {typ}": {"typ": typ}
        for typ in ("JWT", "at+jwt", "SESSION+JWT", "application/session+jwt", "")
    },
    "typ missing": {"typ": MISSING},
    "typ null": {"typ": None},
    "cty JWT": {"cty": "JWT"},
    "jku": {"jku": "https://evil.example/keys"},
    "jwk": {"jwk": {"kty": "oct", "k": base64url_encode(SECRET.encode())}},
    "x5u": {"x5u": "https://evil.example/certificate"},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": "AAAA"},
    "zip": {"zip": "DEF"},
    "crit empty": {"crit": []},
    "crit unknown": {"crit": ["unknown"], "unknown": 1},
    "crit known": {"crit": ["exp"], "exp": NOW + HOUR},
    "crit a string": {"crit": "exp"},
    "b64 false": {"b64": False},
    "b64 false and critical": {"b64": False, "crit": ["b64"]},
    "any other member": {"color": "blue"},
    "kid missing": {"kid": MISSING},
    "kid null": {"kid": None},
    "kid a number": {"kid": 1},
    "kid a list": {"kid": [KID]},
    "kid an object": {"kid": {"kid": KID}},
    "kid empty": {"kid": ""},
    "kid unknown": {"kid": "0" * 16},
    "kid in capitals": {"kid": KID.upper()},
    "kid a path": {"kid": "../../dev/null"},
    "kid a query": {"kid": "' OR 1=1 --"},
    "kid with NUL": {"kid": KID + "\0"},
    "kid of 1 KB": {"kid": KID * 64},
    "kid of 10 KB": {"kid": KID * 640},
    "kid twice": json.dumps(HEADER).replace("{", '{"kid": "x", ').encode(),
    "a list": [HEADER],
    "a string": "HS256",
    "null": None,
    "nothing": b"",
    "garbage": b"\x00\x01\x02",
    "not UTF-8": json.dumps(HEADER).encode() + b"\xff",
    "in UTF-16": json.dumps(HEADER).encode("utf-16-le"),
    "with BOM": b"\xef\xbb\xbf" + json.dumps(HEADER).encode(),
    "nested deeply": b"[" * 1500,
}


@pytest.mark.parametrize("changes", HEADERS.values(), ids=HEADERS)
def test_signed_token_with_another_header_is_rejected(changes):
    assert refuses(forge(header=changed(HEADER, changes)))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_signature_by_a_sibling_algorithm_is_rejected(algorithm):
    assert refuses(forge(HEADER | {"alg": algorithm}, algorithm=algorithm))
    assert refuses(forge(algorithm=algorithm))


PAYLOADS = {
    **{f"{name} missing": {name: MISSING} for name in PAYLOAD},
    **{f"{name} null": {name: None} for name in PAYLOAD},
    **{f"{name} true": {name: True} for name in PAYLOAD},
    **{f"{name} a list": {name: [PAYLOAD[name]]} for name in PAYLOAD},
    **{f"{name} empty": {name: ""} for name in PAYLOAD},
    **{f"{name} text": {name: str(PAYLOAD[name])} for name in ("iat", "nbf", "exp", "rev", "user")},
    **{f"{name} a float": {name: float(PAYLOAD[name])} for name in ("iat", "nbf", "exp", "rev")},
    **{f"{name} negative": {name: -1} for name in ("iat", "nbf", "rev")},
    **{f"{name} of 40 digits": {name: 10**39} for name in ("iat", "nbf", "exp", "rev")},
    **{f"{name} of 1000 digits": spelled(name, "9" * 1000) for name in ("exp", "rev")},
    **{f"{name} NaN": spelled(name, "NaN") for name in ("iat", "nbf", "exp", "rev")},
    **{f"{name} Infinity": spelled(name, "Infinity") for name in ("iat", "nbf", "exp", "rev")},
    **{f"{name} 1e400": spelled(name, "1e400") for name in ("iat", "nbf", "exp", "rev")},
    **{f"{name} a number": {name: 7} for name in ("iss", "aud", "sub", "sid", "jti", "user")},
    "iss of another app": {"iss": "other"},
    "aud of another app": {"aud": "other"},
    "aud of several apps": {"aud": ["tests", "other"]},
    "iat in the future": {"iat": NOW + MAX_STEP_BACK + 1},
    "nbf in the future": {"nbf": NOW + MAX_STEP_BACK + 1},
    "exp before iat": {"exp": NOW - 1},
    "a longer life than the app gives": {"exp": NOW + HOUR + LEEWAY + 1},
    "an endless life": {"exp": 2**53},
    "exp twice": json.dumps(PAYLOAD).replace("{", '{"exp": 1, ', 1).encode(),
    "user twice": json.dumps(PAYLOAD).replace("{", '{"user": {"id": "eve"}, ', 1).encode(),
    "a user's field twice": json.dumps(PAYLOAD).replace('"id"', '"id": "eve", "id"').encode(),
    "NaN elsewhere": spelled("color", "NaN"),
    "-Infinity elsewhere": spelled("color", "-Infinity"),
    "1e400 elsewhere": spelled("color", "1e400"),
    "-1e400 in the user": spelled("user", '{"id": "ada", "height": -1e400}'),
    "a lone surrogate": spelled("color", r'"\ud800"'),
    "a lone surrogate as a name": json.dumps(PAYLOAD | {"\udfff": 1}).encode(),
    "a surrogate in UTF-8": spelled("color", '"@@"').replace(b"@@", b"\xed\xa0\x80"),
    "latin-1": spelled("color", '"@@"').replace(b"@@", b"\xe9"),
    "UTF-16": json.dumps(PAYLOAD).encode("utf-16-le"),
    "UTF-16 with BOM": json.dumps(PAYLOAD).encode("utf-16"),
    "UTF-32": json.dumps(PAYLOAD).encode("utf-32-le"),
    "BOM": b"\xef\xbb\xbf" + json.dumps(PAYLOAD).encode(),
    "text after it": json.dumps(PAYLOAD).encode() + b"{}",
    "single quotes": json.dumps(PAYLOAD).replace('"', "'").encode(),
    "a list": [PAYLOAD],
    "a string": "ada",
    "a number": 1,
    "null": None,
    "an empty object": b"{}",
    "nothing": b"",
    "nested deeply": b"[" * 1500,
}


@pytest.mark.parametrize("changes", PAYLOADS.values(), ids=PAYLOADS)
def test_signed_token_with_another_payload_is_rejected(changes):
    assert refuses(forge(payload=changed(PAYLOAD, changes)))


TEXTS = {
    "empty": "",
    "a word": "token",
    "dots": "..",
    "header only": HEAD,
    "two segments": f"{HEAD}.{BODY}",
    "no signature": f"{HEAD}.{BODY}.",
    "no payload": f"{HEAD}..{SIGNATURE}",
    "no header": f".{BODY}.{SIGNATURE}",
    "four segments": f"{GOOD}.{SIGNATURE}",
    "five segments": f"{HEAD}.{BODY}.{BODY}.{BODY}.{SIGNATURE}",
    "a dot at the end": f"{GOOD}.",
    "signature cut": GOOD[:-1],
    "signature cut by four": GOOD[:-4],
    "signature extended": GOOD + "A",
    "signature extended by four": GOOD + "AAAA",
    "signature of zeros": f"{HEAD}.{BODY}.{'A' * 43}",
    "signature spelled otherwise": f"{HEAD}.{BODY}.{with_unused_bits(SIGNATURE)}",
    "signature of another token": f"{HEAD}.{BODY}.{OTHER_SIGNATURE}",
    "payload of another token": f"{HEAD}.{OTHER_BODY}.{SIGNATURE}",
    "segments in another order": f"{BODY}.{HEAD}.{SIGNATURE}",
    "another secret": forge(secret=OTHER_SECRET),
    "empty secret": forge(secret=""),
    "header padded": f"{HEAD}=.{BODY}.{SIGNATURE}",
    "payload padded": f"{HEAD}.{BODY}=.{SIGNATURE}",
    "signature padded": GOOD + "=",
    "signature padded twice": GOOD + "==",
    "standard alphabet": GOOD.replace("-", "+").replace("_", "/") + "/",
    "space before": " " + GOOD,
    "space after": GOOD + " ",
    "newline after": GOOD + "\n",
    "CR LF after": GOOD + "\r\n",
    "newline within": GOOD.replace(".", ".\n", 1),
    "tab within": GOOD.replace(".", "\t.", 1),
    "NUL after": GOOD + "\0",
    "quoted": f'"{GOOD}"',
    "percent": GOOD.replace(".", "%2E"),
    "a fullwidth dot": GOOD.replace(".", "\uff0e"),
    "a fullwidth letter": GOOD.replace("A", "\uff21", 1) + "\uff21",
    "a lone surrogate": GOOD + "\ud800",
    "Bearer": "Bearer " + GOOD,
    "JSON, flattened": json.dumps({"protected": HEAD, "payload": BODY, "signature": SIGNATURE}),
    "JSON, general": json.dumps(
        {"payload": BODY, "signatures": [{"protected": HEAD, "signature": SIGNATURE}]}
    ),
    "1 MB of letters": "A" * 2**20,
    "1 MB, signed": forge(payload=PAYLOAD | {"color": "x" * 2**20}),
    "a little too long, signed": forge(
        payload=PAYLOAD | {"color": "x" * (MAX_TOKEN_BYTES * 3 // 4)}
    ),
    "octets": GOOD.encode(),
    "None": None,
    "a number": 7,
    "a list": [HEAD, BODY, SIGNATURE],
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_that_is_not_a_compact_token_is_rejected(text):
    assert refuses(text)


def test_signed_segment_has_one_spelling_only():
    """The signature is right, and the octets are the same."""
    for extra in range(3):
        part = base64url_encode(json.dumps(PAYLOAD | {"color": "x" * extra}).encode())
        assert codec().decode(sign(HEAD, part, SECRET))
        if len(part) % 4:
            assert refuses(sign(HEAD, with_unused_bits(part), SECRET))


@given(
    st.integers(0, len(GOOD) - 1),
    st.sampled_from(ALPHABET + ".=+/ \n{") | st.characters(),
)
def test_token_with_a_changed_character_is_rejected(place, character):
    if GOOD[place] != character:
        assert refuses(GOOD[:place] + character + GOOD[place + 1 :])


@given(st.text(alphabet=ALPHABET + ".") | st.text() | st.binary())
def test_any_text_raises_a_token_error_at_most(text):
    assert refuses(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(sorted(PAYLOAD)), JSON)
def test_signed_token_with_any_value_is_read_or_rejected(name, value):
    with suppress(TokenError):
        assert codec().decode(forge(payload=PAYLOAD | {name: value}))


@given(JSON, JSON)
def test_signed_header_with_any_value_is_rejected(value, other):
    assert refuses(forge(header=value))
    assert refuses(forge(header=HEADER | {"kid": other}))


FINITE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.text().filter(lambda name: name not in SESSION_CLAIMS)


@given(
    user=st.dictionaries(st.text(), FINITE, max_size=4),
    extra=st.dictionaries(NAMES, FINITE, max_size=4),
    rev=st.integers(0, 2**53),
    life=st.integers(0, HOUR),
    sub=st.text(min_size=1),
)
def test_claims_survive_the_round_trip(user, extra, rev, life, sub):
    claims = Claims(
        sub=sub, sid="5e55", jti="70ce", iat=NOW, exp=NOW + life, rev=rev, user=user, extra=extra
    )
    try:
        token = codec().encode(claims)
    except TokenTooLarge:
        return
    assert codec().decode(token) == claims


@pytest.mark.parametrize("name", sorted(SESSION_CLAIMS))
def test_extra_claim_replaces_no_claim_of_the_profile(name):
    claims = Claims(
        sub="ada",
        sid="5e55",
        jti="70ce",
        iat=NOW,
        exp=NOW + 1,
        rev=3,
        user={"id": "ada"},
        extra={name: "eve"},
    )
    assert codec().decode(codec().encode(claims)).extra == {}
    assert codec().decode(codec().encode(claims)).sub == "ada"


class TestTime:
    def test_token_is_valid_until_its_expiry_and_the_leeway(self):
        clock = FrozenClock()
        token = codec(clock).encode(CLAIMS)
        clock.advance(HOUR + LEEWAY - 0.1)
        assert codec(clock).decode(token) == CLAIMS

    def test_token_past_the_leeway_is_expired(self):
        clock = FrozenClock()
        token = codec(clock).encode(CLAIMS)
        clock.advance(HOUR + LEEWAY)
        with pytest.raises(TokenError, match="expired"):
            codec(clock).decode(token)

    @pytest.mark.parametrize("exp", [0, 1, NOW - HOUR])
    def test_long_expired_tokens_are_expired(self, exp):
        assert refuses(forge(payload=PAYLOAD | {"iat": 0, "nbf": 0, "exp": exp}), "expired")

    @given(st.integers(0, MAX_STEP_BACK))
    def test_clock_that_stepped_back_reads_token(self, step):
        token = codec().encode(CLAIMS)
        assert codec(FrozenClock(NOON - step)).decode(token) == CLAIMS

    @given(st.integers(MAX_STEP_BACK + 1, NOW))
    def test_clock_far_behind_rejects_token_without_calling_it_dead(self, step):
        with pytest.raises(TokenError, match="future") as rejected:
            codec(FrozenClock(NOON - step)).decode(codec().encode(CLAIMS))
        assert not rejected.value.is_dead

    def test_longest_lifetime_is_accepted(self):
        assert codec().decode(forge(payload=PAYLOAD | {"exp": NOW + HOUR})).exp == NOW + HOUR

    def test_token_of_a_clock_slightly_behind_is_read(self):
        """The record's end was set by a worker whose clock is ahead."""
        slow = codec(FrozenClock(NOON - LEEWAY))
        claims = Claims(
            sub="ada",
            sid="5e55",
            jti="70ce",
            iat=NOW - LEEWAY,
            exp=NOW + HOUR,
            rev=3,
            user={"id": "ada"},
        )
        assert slow.decode(slow.encode(claims)) == claims


class TestSize:
    def test_token_larger_than_a_cookie_is_not_issued(self):
        claims = Claims(
            sub="ada",
            sid="5e55",
            jti="70ce",
            iat=NOW,
            exp=NOW + 1,
            rev=3,
            user={"image": "x" * MAX_TOKEN_BYTES},
        )
        with pytest.raises(TokenTooLarge, match=r"\d bytes.* at most 3072"):
            codec().encode(claims)


class TestRotation:
    def test_first_key_signs(self):
        token = codec(keys=KeyRing([OTHER_SECRET, SECRET])).encode(CLAIMS)
        assert codec(keys=KeyRing([OTHER_SECRET])).decode(token) == CLAIMS

    def test_older_key_still_verifies(self):
        assert codec(keys=KeyRing([OTHER_SECRET, SECRET])).decode(GOOD) == CLAIMS

    def test_removed_key_does_not_verify(self):
        with pytest.raises(TokenError, match="key"):
            codec(keys=KeyRing([OTHER_SECRET])).decode(GOOD)

    def test_key_does_not_verify_under_the_id_of_another(self):
        token = forge(header=HEADER, secret=OTHER_SECRET)
        with pytest.raises(TokenError):
            codec(keys=KeyRing([OTHER_SECRET, SECRET])).decode(token)
