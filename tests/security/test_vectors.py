"""Every public test vector, against this app's own codec.

The profile refuses foreign tokens altogether, so that a vector's refusal alone says
little. What a vector does to a valid token is therefore done to a token of ours too,
under the vector's own key; and the valid MACs are what our codec's signatures are
compared with.
"""

from __future__ import annotations

import jwt
import pytest

from authdemo.forgery import sign
from authdemo.sessions.core.errors import TokenError
from authdemo.sessions.core.keys import Key
from authdemo.sessions.core.tokens import base64url_decode
from tests.security.own import CLAIMS, codec, key_ring
from tests.security.transplants import TRANSPLANTS, Parts, base_of
from tests.security.vectors import VECTORS, Vector
from tests.support.house import SECRET

OUR_SECRET = SECRET.encode()
HEADER_SET = "alg, typ and kid only"
NOT_COMPACT = "not a token"

# What the publisher calls valid and the profile refuses on purpose, and why.
REFUSED_ON_PURPOSE: dict[int | str, str] = {
    **dict.fromkeys((1, 348, 352, 357, 358, 359, 376, 377), HEADER_SET),  # no typ
    18: HEADER_SET,  # no typ, and signed with ES256
    372: NOT_COMPACT,  # `?` in the header: see README.md
    373: NOT_COMPACT,  # `?` in the payload
    "RFC 7515 A.1": HEADER_SET,  # typ JWT, no kid
    "RFC 7520 4.4": HEADER_SET,  # no typ, and not a JSON object
    "RFC 7520 4.4 general": NOT_COMPACT,
    "RFC 7520 4.4 flattened": NOT_COMPACT,
}
KNOWN_ANSWERS = [1, 348, 352, 357, 358, 359, 376, 377, "RFC 7515 A.1", "RFC 7520 4.4"]
KEY_CONFUSIONS = {31, 32}
# Their text is not what they are called; see README.md.
DEFECTIVE: dict[int | str, str] = {
    17: TRANSPLANTS[17](base_of(17)).removesuffix("]}"),
    **dict.fromkeys((367, 370), VECTORS[357].jws),
}
CALLED_VALID = {372, 373}


def key_of(vector: Vector) -> bytes:
    """The vector's key where it is a key for HMAC, so that nothing but its text is wrong."""
    return vector.secret if vector.key["kty"] == "oct" else OUR_SECRET


def refuses(secret: bytes, token: str, reason: str | None = None) -> bool:
    """With the error that callers expect, and no other."""
    with pytest.raises(TokenError, match=reason) as refused:
        codec(secret).decode(token)
    return refused.type is TokenError


def ours(secret: bytes) -> Parts:
    token = codec(secret).encode(CLAIMS)
    head, body, _ = token.split(".")
    assert Parts(head, body, secret).text == token
    return Parts(head, body, secret)


def test_the_lists_say_something_about_every_vector():
    valid = {name for name, vector in VECTORS.items() if vector.valid}
    assert len(VECTORS) == 49
    assert valid == REFUSED_ON_PURPOSE.keys()
    assert VECTORS.keys() - valid == TRANSPLANTS.keys() - CALLED_VALID | KEY_CONFUSIONS


@pytest.mark.parametrize("vector", VECTORS.values(), ids=lambda vector: vector.id)
def test_a_foreign_token_is_refused_even_under_its_own_key(vector):
    assert refuses(key_of(vector), vector.jws, REFUSED_ON_PURPOSE.get(vector.id))


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_known_answers_are_confirmed_by_the_library_as_the_codec_calls_it(name):
    vector = VECTORS[name]
    key = key_ring(vector.secret).signing.secret
    signed = jwt.api_jws.decode_complete(vector.jws, key, algorithms=[Key.algorithm])
    assert signed["payload"] == base64url_decode(vector.jws.split(".")[1])


@pytest.mark.parametrize("name", KNOWN_ANSWERS)
def test_our_codec_signs_as_the_known_answers_are_signed(name):
    """Both are what plain HMAC gives for the same key."""
    vector = VECTORS[name]
    for token in (vector.jws, codec(vector.secret).encode(CLAIMS)):
        head, body, _ = token.split(".")
        assert token == sign(head, body, vector.secret)


@pytest.mark.parametrize("name", sorted(name for name in TRANSPLANTS if isinstance(name, int)))
def test_a_transplant_does_just_what_its_vector_does(name):
    done = TRANSPLANTS[name](base_of(name))
    assert VECTORS[name].jws == DEFECTIVE.get(name, done)


@pytest.mark.parametrize("name", TRANSPLANTS, ids=str)
def test_what_a_vector_does_spoils_a_token_of_ours(name):
    secret = key_of(VECTORS[name])
    parts = ours(secret)
    assert codec(secret).decode(parts.text) == CLAIMS
    assert refuses(secret, TRANSPLANTS[name](parts))


@pytest.mark.parametrize("white_space", ["{ ", "{\n\t", "{\r\n "])
def test_white_space_in_a_signed_header_spoils_nothing(white_space):
    """What 376, 377 and RFC 7515 A.1 do."""
    parts = ours(OUR_SECRET)
    spaced = parts.header("^{", white_space)
    assert codec(OUR_SECRET).decode(parts.signed(head=spaced)) == CLAIMS


def test_a_public_key_does_not_sign():
    """What 31 does."""
    public = VECTORS[31].secret
    parts = ours(OUR_SECRET)
    assert refuses(OUR_SECRET, Parts(parts.head, parts.body, public).text)


def test_a_key_that_a_token_brings_along_does_not_sign():
    """What 32 does."""
    brought = VECTORS[1].key
    parts = ours(OUR_SECRET)
    head = parts.header("^{", f'{{"jwk":{{"kty":"oct","k":"{brought["k"]}"}},')
    assert refuses(OUR_SECRET, Parts(head, parts.body, VECTORS[1].secret).text)


@pytest.mark.parametrize("name", ["RFC 7520 4.4 general", "RFC 7520 4.4 flattened"])
def test_a_token_of_ours_in_json_is_refused(name):
    parts = ours(OUR_SECRET)
    head, body, tag = VECTORS["RFC 7520 4.4"].jws.split(".")
    text = VECTORS[name].jws.replace(head, parts.head).replace(body, parts.body)
    assert refuses(OUR_SECRET, text.replace(tag, parts.tag), NOT_COMPACT)
