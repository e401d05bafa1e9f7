from __future__ import annotations

import pytest

from authdemo.sessions import Authenticated, ConfigurationError
from authdemo.sessions.core.authentication import MAX_METHODS, level_of, read_methods
from tests.support.house import ADA


@pytest.mark.parametrize(
    ("amr", "level"),
    [
        ((), 1),
        (("pwd",), 1),
        (("otp",), 1),
        (("pwd", "pin"), 1),
        (("otp", "sms"), 1),
        (("hwk",), 1),
        (("user",), 1),
        (("pwd", "user"), 1),
        (("pwd", "otp"), 2),
        (("pwd", "hwk"), 2),
        (("fpt", "swk"), 2),
        (("hwk", "user"), 2),
        (("swk", "user"), 2),
        (("mfa",), 2),
    ],
)
def test_level_two_needs_two_kinds_of_factors_or_a_verified_key(amr, level):
    assert level_of(amr) == level


@pytest.mark.parametrize("value", [None, "pwd", 7, {"pwd": 1}, [7, None, "", "a b", "x" * 17]])
def test_methods_of_another_form_are_left_out(value):
    assert read_methods(value) == ()


def test_methods_are_read_once_and_not_without_end():
    assert read_methods(["pwd", "pwd", "otp"]) == ("pwd", "otp")
    assert len(read_methods([f"m{number}" for number in range(99)])) == MAX_METHODS


@pytest.mark.parametrize("amr", ["pwd", ("",), ("pwd", "pwd"), (7,)])
def test_authenticated_rejects_what_is_no_method(amr):
    with pytest.raises(ConfigurationError, match="RFC 8176"):
        Authenticated(ADA, amr)
