"""Random mutations of a valid token, for hypothesis to draw from."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from authdemo.forgery import forge, sign
from authdemo.sessions.core.tokens import base64url_decode, base64url_encode
from tests.security.pieces import (
    BASE64URL,
    CODINGS,
    JSON,
    SECRETS,
    SPELLINGS,
    WORDS,
    edited,
    flipped,
    members,
)
from tests.security.real import Real


def others(real: Real, strangers: list[str]) -> SearchStrategy[str]:
    """Texts that the app never signed; all of them have to be refused.

    Args:
        real: A token of the app.
        strangers: More tokens of the app, to take pieces from.
    """
    known = {real.text, *strangers}
    kinds = [
        edited(real.text),
        edited(real.text, BASE64URL),
        _rearranged([real.text, *strangers]),
        _flipped_behind_the_encoding(real),
        _edited_and_not_signed(real),
        st.builds(forge, members(real.header), members(real.payload), SECRETS),
        st.builds(real.headed, SECRETS),
    ]
    return st.one_of(kinds).filter(lambda text: text not in known)


def signed(real: Real) -> SearchStrategy[str]:
    """Texts that the app's own key signed, whatever they say.

    Those that say what the profile allows may be believed, and only for what they say.
    """
    header, payload = st.just(real.header), st.just(real.payload)
    parts = [
        st.tuples(header, members(real.payload) | _misspelled(real.payload) | JSON),
        st.tuples(members(real.header) | _misspelled(real.header) | JSON, payload),
    ]
    return st.one_of(parts).map(
        lambda both: forge(both[0], both[1], real.secret)
    ) | _signed_as_spelled(real)


def _rearranged(tokens: list[str]) -> SearchStrategy[str]:
    segments = [segment for token in tokens for segment in token.split(".")]
    return st.lists(st.sampled_from([*segments, "", "e30"]), max_size=6).map(".".join)


def _flipped_behind_the_encoding(real: Real) -> SearchStrategy[str]:
    def flip(index: int) -> SearchStrategy[str]:
        before, after = real.segments[:index], real.segments[index + 1 :]
        octets = flipped(base64url_decode(real.segments[index]))
        return octets.map(lambda octets: ".".join([*before, base64url_encode(octets), *after]))

    return st.integers(0, 2).flatmap(flip)


def _edited_and_not_signed(real: Real) -> SearchStrategy[str]:
    """With the old signature, none, or any."""
    tags = st.sampled_from([real.segments[2], "", "A" * 43]) | st.binary(max_size=64).map(
        base64url_encode
    )
    texts = st.builds(forge, members(real.header), members(real.payload), st.just(""))
    return st.builds(lambda text, tag: text.rpartition(".")[0] + "." + tag, texts, tags)


def _misspelled(good: dict[str, Any]) -> SearchStrategy[bytes]:
    """An object's JSON, spelled as no encoder would spell it."""
    text, names = json.dumps(good), st.sampled_from(sorted(good))

    def twice(name: str, value: str) -> bytes:
        return f'{{"{name}": {value}, {text[1:]}'.encode()

    def otherwise(name: str, value: str) -> bytes:
        return json.dumps(good | {name: "@@"}).replace('"@@"', value).encode()

    return st.one_of(
        st.builds(twice, names, SPELLINGS | WORDS.map(json.dumps)),
        st.builds(otherwise, names, SPELLINGS),
        CODINGS.map(text.encode),
        flipped(text.encode()),
        edited(text).map(lambda edited: edited.encode("utf-8", "surrogatepass")),
        st.binary(max_size=40),
    )


def _signed_as_spelled(real: Real) -> SearchStrategy[str]:
    """Segments with anything in them, and a signature over just that."""
    head, body, _ = real.segments
    heads = edited(head).map(lambda head: sign(head, body, real.secret))
    return heads | edited(body).map(lambda body: sign(head, body, real.secret))
