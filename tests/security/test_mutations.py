"""However a token is mutated: only what the app's own key signed is believed.

`make soak` tries a hundred thousand mutants of each kind, new ones each time.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from authdemo.sessions.core.errors import TokenError
from authdemo.sessions.core.keys import Key
from authdemo.sessions.core.tokens import Claims
from authdemo.testing.browser import SESSION
from tests.security.mutations import others, signed
from tests.security.own import CLAIMS, codec
from tests.security.reading import is_within_profile, restated, said_by
from tests.security.real import Real
from tests.support.browser import Browser
from tests.support.house import SECRET

MANY = settings(max_examples=100_000, derandomize=False, print_blob=True)

CODEC = codec(SECRET.encode())
OURS = Real(CODEC.encode(CLAIMS), Key(SECRET.encode()))
OTHERS = others(OURS, [OURS.saying(jti="other", rev=4), OURS.saying(sub="eve", sid="e4e5")])
SIGNED = signed(OURS)


def believed(text: str) -> Claims | None:
    """What the codec makes of a text; any error but its own is a failure."""
    try:
        return CODEC.decode(text)
    except TokenError:
        return None


def check_signed(text: str) -> None:
    claims = believed(text)
    if claims is not None:
        said = said_by(text, OURS)
        assert is_within_profile(said)
        assert restated(claims, said) == said


class TestTheCodec:
    @given(OTHERS)
    def test_it_believes_nothing_that_the_app_never_signed(self, text):
        assert believed(text) is None

    @given(SIGNED)
    def test_of_what_the_app_signed_it_believes_what_is_within_the_profile(self, text):
        check_signed(text)

    def test_there_is_something_to_believe(self):
        """So the test above doesn't pass for want of anything to check."""
        assert find(SIGNED, lambda text: believed(text) not in (None, CLAIMS))

    @pytest.mark.soak
    @MANY
    @given(OTHERS)
    def test_it_believes_none_of_a_hundred_thousand(self, text):
        assert believed(text) is None

    @pytest.mark.soak
    @MANY
    @given(SIGNED)
    def test_of_a_hundred_thousand_signed_it_believes_what_is_within_the_profile(self, text):
        check_signed(text)


def as_cookie(text: str) -> str:
    """What is left of a text in the cookie of a client that sends whole requests."""
    value = re.sub(r"[\x00-\x1f\x7f]", "", text).partition(";")[0]
    return value.encode("utf-8", "replace").decode().strip()


@pytest.fixture(scope="module")
def mutants(member: Browser) -> st.SearchStrategy[tuple[str, bool]]:
    """Mutants of a real token, and whether the app's own key signed them."""
    real = Real(member.token or "")
    unsigned = others(real, [real.saying(sid="e4e5")]).map(as_cookie)
    strange = unsigned.filter(lambda text: text != real.text).map(lambda text: (text, False))
    return strange | signed(real).map(lambda text: (as_cookie(text), True))


def check_answer(browser: Browser, text: str, *, is_signed: bool) -> None:
    answer = browser.get("/api/auth/session", headers={"Cookie": f"{SESSION}={text}".encode()})
    assert answer.status_code == 200
    session = answer.json()
    assert session is None or (is_signed and session["user"]["id"] == "john_doe")


class TestTheRunningApp:
    @given(data=st.data())
    def test_it_answers_nobody_or_the_one_whose_token_it_was(self, member, mutants, data):
        text, is_signed = data.draw(mutants)
        check_answer(member.copy(), text, is_signed=is_signed)

    @pytest.mark.soak
    @MANY
    @given(data=st.data())
    def test_it_does_so_a_hundred_thousand_times(self, member, mutants, data):
        text, is_signed = data.draw(mutants)
        check_answer(member.copy(), text, is_signed=is_signed)
