"""Passwords: dear to check, whole, and the same from any keyboard."""

from __future__ import annotations

import subprocess
import sys
import time
from base64 import b64encode
from typing import Any, Literal

import bcrypt
import pytest
from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from authdemo.accounts.passwords import (
    MAX_BYTES,
    Passwords,
    is_possible,
    missing_cost,
    new_password,
    normalized,
)
from authdemo.sessions.core.errors import FieldValidationError
from tests.accounts.conftest import CHEAP

LONG = "x" * 72
COMPOSED, DECOMPOSED = "s\u00e9same ouvre-toi", "se\u0301same ouvre-toi"


@pytest.fixture(scope="module")
def passwords():
    return Passwords(CHEAP)


@pytest.mark.parametrize("typed", ["", "Tutorial", "tutorial ", "tutoria", "tutori\u0430l"])
def test_any_other_password_is_wrong(passwords, typed):
    assert not passwords.check(typed, passwords.hash("tutorial")).is_right


def test_password_is_used_to_its_last_byte(passwords):
    hashed = passwords.hash(LONG + "a")
    assert passwords.check(LONG + "a", hashed).is_right
    assert not passwords.check(LONG + "b", hashed).is_right
    assert not passwords.check(LONG, hashed).is_right


def test_password_costs_what_it_should():
    """OWASP asks of Argon2id at least 19 MiB in two passes."""
    parameters = extract_parameters(Passwords().hash("tutorial"))
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_unknown_account_costs_a_check():
    """An unknown id costs as much as a known one: the time doesn't tell who has an account."""
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


def made(passes: int, memory: int) -> Parameters:
    return Parameters(Type.ID, 19, 16, 32, passes, memory, 1)


def work(parameters: Parameters | None) -> int:
    """Count the KiB that a hash fills."""
    return parameters.time_cost * parameters.memory_cost if parameters else 0


costs = st.builds(made, st.integers(1, 8), st.integers(8, 2**17))


@given(st.integers(-(2**20), 2**24), costs)
def test_missing_effort_is_made_up_in_the_memory_of_a_new_hash(missing, new):
    found = missing_cost(missing, new)
    rounding = max(8, found.time_cost if found else 0)
    assert abs(work(found) - max(0, missing)) <= rounding
    assert not found or found.memory_cost <= new.memory_cost


DEAR = PasswordHasher(time_cost=3, memory_cost=8 * 1024, parallelism=1)


HASHES = {
    "new": DEAR.hash("tutorial"),
    "unknown": None,
    "locked": "!",
    "damaged": "$argon2id$damaged",
    "far cheaper": PasswordHasher(1, 1024, 1).hash("tutorial"),
    "fewer passes": PasswordHasher(2, 8 * 1024, 1).hash("tutorial"),
    "less memory": PasswordHasher(3, 5 * 1024, 1).hash("tutorial"),
    "bcrypt": bcrypt.hashpw(b"tutorial", bcrypt.gensalt(8)).decode(),
    "PBKDF2": f"pbkdf2_sha256$100000$salt${b64encode(bytes(32)).decode()}",
    "scrypt": f"scrypt$4096$salt$8$1${b64encode(bytes(64)).decode()}",
}


def test_wrong_guess_costs_alike_for_every_kind_of_hash_and_for_unknown_accounts():
    """The least time of the processor is compared: a busy machine only makes it longer."""
    passwords = Passwords(DEAR)
    passwords.expect(filter(None, HASHES.values()))
    spent: dict[str, list[float]] = {kind: [] for kind in HASHES}
    for _ in range(15):
        for kind, hashed in HASHES.items():
            began = time.process_time()
            assert not passwords.check("a guess", hashed).is_right
            spent[kind].append(time.process_time() - began)
    least = {kind: min(each) for kind, each in spent.items()}
    assert max(least.values()) < 2 * min(least.values()), least  # without the rule: 45


def test_dummy_hash_lets_no_password_in(passwords):
    assert not passwords.check("the password of no account", None).is_right


@pytest.mark.parametrize(
    "spoiled",
    ["", "tutorial", "$argon2id$v=19$m=65536,t=3,p=4$", "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ"],
)
def test_damaged_hash_takes_no_password(passwords, spoiled):
    assert not passwords.check("tutorial", spoiled).is_right


def test_password_is_the_same_however_a_keyboard_spells_it(passwords):
    hashed = passwords.hash(DECOMPOSED)
    for typed in (COMPOSED, DECOMPOSED):
        assert passwords.check(typed, hashed) == (True, False, "")


def test_hash_is_outdated_when_parameters_rise(passwords):
    dearer = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    assert dearer.check("tutorial", passwords.hash("tutorial")) == (True, True, "")
    assert dearer.check("a guess", passwords.hash("tutorial")) == (False, False, "")
    assert dearer.check("tutorial", dearer.hash("tutorial")) == (True, False, "")


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
def test_value_that_can_not_be_a_password_gets_a_reason(typed, reason):
    with pytest.raises(FieldValidationError) as broken:
        new_password(typed)
    assert broken.value.reason == reason


@pytest.mark.parametrize("typed", ["x" * 64, "\u00e9" * 64, "tutorial", "x" * MAX_BYTES], ids=len)
def test_password_of_8_to_at_least_64_characters_is_taken(typed):
    """ASVS 6.2.1 and 6.2.9."""
    assert new_password(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "wordsalone",
        "WORDSALONE",
        "9081726354",
        "!?&%$#@*",
        "\u6b63\u786e\u9a6c\u7535\u6c60\u9489\u4e66\u9488",
        "a b c d e",
    ],
)
def test_password_of_one_kind_of_character_is_taken(typed):
    """ASVS 6.2.5."""
    assert new_password(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        *("password", "12345678", "qwertyuiop", "qwertyui", "password1", "11111111", "iloveyou"),
        *("Password", "PASSWORD1", " password ", "\uff50assword", "trustno1", "1q2w3e4r"),
    ],
)
def test_common_password_is_rejected_in_any_letter_case(typed):
    with pytest.raises(FieldValidationError) as broken:
        new_password(typed)
    assert (broken.value.reason, str(broken.value)) == (
        "too_common",
        "must not be one of the most common passwords",
    )


def test_3000_most_common_passwords_that_are_long_enough_are_rejected():
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    fit = [each for each in FREQUENCY_LISTS["passwords"] if len(each) >= 8][:3000]
    assert len(fit) == 3000
    for password in fit:
        with pytest.raises(FieldValidationError, match="common"):
            new_password(password)


@pytest.mark.parametrize(
    "typed", ["tutorial", "a bird in a gilded cage", "xpassword1", "\u6b63\u786e\u9a6c" * 3]
)
def test_password_that_only_holds_a_common_one_is_taken(typed):
    assert new_password(typed) == typed


def test_common_passwords_are_loaded_when_one_is_chosen():
    program = (
        "import sys, authdemo.accounts.passwords as passwords\n"
        "assert 'zxcvbn' not in sys.modules\n"
        "passwords.new_password('a bird in a gilded cage')\n"
        "assert 'zxcvbn.frequency_lists' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.text(min_size=8, max_size=40))
def test_every_valid_password_matches_its_hash(text):
    passwords = Passwords(CHEAP)
    try:
        password = new_password(text)
    except FieldValidationError as broken:
        too_common = broken.reason == "too_common"
        assert too_common or not is_possible(text) or len(normalized(text)) < 8
        return
    assert passwords.check(text, passwords.hash(password)) == (True, False, "")
