"""What mutations are made of: characters, values, and edits of anything."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from authdemo.sessions.core.tokens import SESSION_CLAIMS

BASE64URL = st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
CHARACTERS = BASE64URL | st.sampled_from(".=+/~!#$%&'*^`|{}[]\"\\ \t,;:") | st.characters()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
HEADER_NAMES = ["alg", "typ", "kid", "crit", "b64", "zip", "jwk", "jku", "x5u", "cty"]
NAMES = st.sampled_from([*HEADER_NAMES, *sorted(SESSION_CLAIMS), "role"])
WORDS = st.sampled_from(["none", "None", "HS256", "HS512", "RS256", "JWT", "session+jwt", "*", ""])
NUMBERS = ["NaN", "Infinity", "-Infinity", "1e400", "-0", "1.0", "1e3", "0x10", "01", "1_0", "-1"]
TEXTS = ['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', "'a'", '"a', "\x00", "\xa0"]
SHAPES = ["null", "true", "{}", "[]", "[" * 300, "[" * 300 + "]" * 300, "/**/1", "1 1", "1,"]
SPELLINGS = st.sampled_from([*NUMBERS, str(10**40), "9" * 500, *TEXTS, *SHAPES])
"""Values as they stand in JSON, or as they should not."""

CODINGS = st.sampled_from(
    ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig", "utf-7", "cp037"]
)
SECRETS = st.sampled_from(["", "secret", "0" * 32]) | st.text(min_size=1, max_size=40)


def edited(text: str, characters: SearchStrategy[str] = CHARACTERS) -> SearchStrategy[str]:
    """Up to four places of a text cut out, filled in, or both."""
    places, gaps, fillings = st.integers(0, len(text)), st.integers(0, 4), st.text(characters)

    def edit(edits: list[tuple[int, int, str]]) -> str:
        result = text
        for place, gap, filling in edits:
            result = result[:place] + filling + result[place + gap :]
        return result

    return st.lists(st.tuples(places, gaps, fillings), min_size=1, max_size=4).map(edit)


def flipped(octets: bytes) -> SearchStrategy[bytes]:
    """Up to three bits of some octets flipped."""
    places = st.integers(0, len(octets) * 8 - 1)

    def flip(bits: list[int]) -> bytes:
        result = bytearray(octets)
        for bit in bits:
            result[bit // 8] ^= 1 << bit % 8
        return bytes(result)

    return st.lists(places, min_size=1, max_size=3, unique=True).map(flip)


def members(good: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    """Some members of an object changed, added, removed, or moved a little."""
    own = st.sampled_from(sorted(good))
    changes = st.dictionaries(own | NAMES | st.text(max_size=5), JSON | WORDS, max_size=2)
    moved = own.flatmap(lambda name: _moved(good[name]).map(lambda value: {name: value}))

    def change(changes: dict[str, Any], removed: set[str]) -> dict[str, Any]:
        return {name: value for name, value in (good | changes).items() if name not in removed}

    return st.builds(change, changes | moved, st.sets(own, max_size=1)) | moved.map(
        lambda changes: good | changes
    )


def _moved(value: Any) -> SearchStrategy[Any]:
    """A number somewhat larger or smaller, or anything as a value of another type."""
    others = st.sampled_from([str(value), [value], None, True, "", {}])
    if type(value) is not int:
        return others
    return others | st.integers(-10_000, 10_000).map(value.__add__) | st.just(float(value))
