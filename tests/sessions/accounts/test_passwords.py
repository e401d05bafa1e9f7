"""Passwords: dear to check, whole, and the same from any keyboard."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.accounts.passwords import (
    MAX_BYTES,
    Passwords,
    could_be_one,
    new_password,
    spelled,
)
from authdemo.sessions.core.errors import RuleBroken
from tests.sessions.accounts.conftest import CHEAP

LONG = "x" * 72
COMPOSED, DECOMPOSED = "s\u00e9same ouvre-toi", "se\u0301same ouvre-toi"


@pytest.fixture(scope="module")
def passwords():
    return Passwords(CHEAP)


@pytest.mark.parametrize("typed", ["", "Tutorial", "tutorial ", "tutoria", "tutori\u0430l"])
def test_any_other_password_is_wrong(passwords, typed):
    assert not passwords.check(typed, passwords.hash("tutorial")).is_right


def test_a_password_is_used_to_its_last_byte(passwords):
    hashed = passwords.hash(LONG + "a")
    assert passwords.check(LONG + "a", hashed).is_right
    assert not passwords.check(LONG + "b", hashed).is_right
    assert not passwords.check(LONG, hashed).is_right


def test_a_password_costs_what_it_should():
    """OWASP asks of Argon2id at least 19 MiB in two passes."""
    parameters = extract_parameters(Passwords().hash("tutorial"))
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_an_unknown_account_costs_a_check_as_well():
    """Nobody's hash is as dear as everybody's: the time does not tell who has an account."""
    counted = []

    class Counting(PasswordHasher):
        def verify(self, *words: Any) -> Literal[True]:
            counted.append(extract_parameters(words[0]))
            return super().verify(*words)

    passwords = Passwords(Counting(time_cost=1, memory_cost=8, parallelism=1))
    hashed = passwords.hash("tutorial")
    for typed in ("a guess", DECOMPOSED):
        counted.clear()
        passwords.check(typed, hashed)
        known = list(counted)
        counted.clear()
        passwords.check(typed, None)
        assert counted == known != []


def test_nobody_gets_in_with_nobodys_password(passwords):
    assert not passwords.check("nobody has this password", None).is_right


@pytest.mark.parametrize(
    "spoiled",
    ["", "tutorial", "$argon2id$v=19$m=65536,t=3,p=4$", "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ"],
)
def test_a_spoiled_hash_lets_nobody_in(passwords, spoiled):
    assert not passwords.check("tutorial", spoiled).is_right


def test_a_password_is_the_same_however_a_keyboard_spells_it(passwords):
    hashed = passwords.hash(DECOMPOSED)
    for typed in (COMPOSED, DECOMPOSED):
        assert passwords.check(typed, hashed) == (True, False)


def test_a_hash_of_another_spelling_stays_good_and_is_outdated(passwords):
    old = CHEAP.hash(DECOMPOSED)
    assert passwords.check(DECOMPOSED, old) == (True, True)
    assert not passwords.check(COMPOSED, old).is_right


def test_a_hash_is_outdated_when_more_is_asked_of_it(passwords):
    dearer = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert dearer.check("tutorial", passwords.hash("tutorial")) == (True, True)
    assert dearer.check("a guess", passwords.hash("tutorial")) == (False, False)
    assert dearer.check("tutorial", dearer.hash("tutorial")) == (True, False)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "too_short"),
        ("1234567", "too_short"),
        ("e\u0301" * 7, "too_short"),
        ("x" * (MAX_BYTES + 1), "too_long"),
        ("\u00e9" * (MAX_BYTES // 2 + 1), "too_long"),
        ("a good one\0", "too_long"),
        ("\ud800" * 8, "too_long"),
    ],
    ids=lambda text: repr(text)[:12],
)
def test_what_can_not_be_a_password_is_told_why(typed, reason):
    with pytest.raises(RuleBroken) as broken:
        new_password(typed)
    assert broken.value.reason == reason


@given(st.text(min_size=8, max_size=40))
def test_whatever_may_be_a_password_opens_what_it_closed(text):
    passwords = Passwords(CHEAP)
    try:
        password = new_password(text)
    except RuleBroken:
        assert not could_be_one(text) or len(spelled(text)) < 8
        return
    assert passwords.check(text, passwords.hash(password)) == (True, False)
