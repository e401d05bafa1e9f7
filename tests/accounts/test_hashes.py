"""Hashes that other apps have made: checked as those apps do, strictly, and within limits."""

from __future__ import annotations

import logging
import time
from base64 import b64encode

import bcrypt
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from authdemo.accounts.database import read_url
from authdemo.accounts.hashes import InvalidHash, read_hash
from authdemo.accounts.passwords import Passwords
from tests.accounts.conftest import ADA, CHEAP, PASSWORD
from tests.accounts.test_service import kept

# Made by Django 5.2, reflex-local-auth 0.5 (bcrypt) and bcryptjs 2.4 from PASSWORD, cheaply.
FOREIGN = {
    "reflex-local-auth": "$2b$04$HujmPdwCSlYC9O5EZU82cOYfCzLxxPQzIp7eRMwB3.4e094G4T0nW",
    "bcryptjs": "$2a$04$IPKUKMfbDLDFGpRj/tA4eOdXECxJZRPdExMkdwq65bCWeo8XpZTK2",
    "Django bcrypt": "bcrypt$$2b$04$zqF7GU91qCnvYsMsfaIPnuNINMLzzFV8i7bYyc/YfobDHVN1Nc6RS",
    "Django bcrypt_sha256": (
        "bcrypt_sha256$$2b$04$Z9Y4NH985eEkZRbFROJsM.bi5/La7Stdf7xOZybmQumsSSRMZaSke"
    ),
    "Django pbkdf2_sha256": (
        "pbkdf2_sha256$1000$oMieSefnN50rfeaoxXlceZ$cIE8DKnLkg1+bOLoydagMOC6GxCssth7V0DG4QO9Cd0="
    ),
    "Django scrypt": (
        "scrypt$16$HpBqb6FekP2O1iEw8uQ45z$8$5$/tymMpwIJvKuNjSqpQoytcjbkfDpQTMAeTtbQldkevsLfn1e"
        "CQNJBKb1e7e7x/I2S7kY5g0JxpX3HLzmlY9d3w=="
    ),
    "Django argon2": (
        "argon2$argon2id$v=19$m=64,t=1,p=8$T3BZNTQ4RE1zQ0ZyTFlBOWlmamd1SQ"
        "$SRSuCvuxRn6rxNux1bYEvajoN5th35A/4UG3FKjIyXU"
    ),
}
DECOMPOSED = "se\u0301same ouvre-toi"
DIGEST = b64encode(bytes(32)).decode()
LONG_DIGEST = b64encode(bytes(64)).decode()
SALT = "." * 22

each_foreign_hash = pytest.mark.parametrize("hashed", FOREIGN.values(), ids=FOREIGN)


@pytest.fixture(scope="module")
def passwords():
    return Passwords(CHEAP)


def store(url: str, account_id: str, hashed: str) -> None:
    """Put a hash into the database, as an import does."""
    engine = create_engine(read_url(url))
    with engine.begin() as db:
        statement = text("UPDATE accounts SET password = :hashed WHERE id = :id")
        db.execute(statement, {"hashed": hashed, "id": account_id})
    engine.dispose()


@each_foreign_hash
def test_foreign_hash_takes_its_password_alone(passwords, hashed):
    assert passwords.check(PASSWORD, hashed) == (True, True, "")
    for guess in ("", "a guess", PASSWORD + " ", PASSWORD.upper()):
        assert passwords.check(guess, hashed) == (False, False, "")


@each_foreign_hash
async def test_foreign_hash_is_replaced_at_the_first_sign_in(accounts, url, hashed):
    await accounts.open()
    store(url, "ada", hashed)
    assert await accounts.check("ada", "a guess") is None
    assert kept(url, "ada") == hashed
    assert await accounts.check("ada", PASSWORD) == ADA
    assert kept(url, "ada").startswith("$argon2id$")
    assert await accounts.check("ada", PASSWORD) == ADA
    assert await accounts.check("ada", "a guess") is None


@each_foreign_hash
def test_shortened_hash_is_invalid(passwords, hashed):
    for length in range(1, len(hashed)):
        assert not passwords.check(PASSWORD, hashed[:length]).is_right


def test_bcrypt_takes_the_bytes_that_it_hashed_and_the_new_hash_takes_all(passwords):
    """bcrypt ignores what follows 72 bytes, so its hash can't tell such passwords apart."""
    hashed = bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4)).decode()
    assert passwords.check("x" * 72 + "tail", hashed).is_right
    assert not passwords.check("x" * 71, hashed).is_right
    renewed = passwords.hash("x" * 72 + "tail")
    assert not passwords.check("x" * 72 + "other", renewed).is_right


def test_foreign_hash_takes_a_password_as_it_was_typed(passwords):
    """The apps that made it didn't normalize; the new hash does."""
    hashed = bcrypt.hashpw(DECOMPOSED.encode(), bcrypt.gensalt(4)).decode()
    assert passwords.check(DECOMPOSED, hashed).is_right


@pytest.mark.parametrize("hashed", ["!", "!9fTz", f"!{FOREIGN['Django scrypt']}"])
def test_locked_account_takes_no_password_without_a_problem(passwords, hashed):
    assert passwords.check(PASSWORD, hashed) == (False, False, "")


@pytest.mark.parametrize(
    ("hashed", "problem"),
    [
        (f"$2b$16${SALT}{'.' * 31}", "cost: 16, of at most 15"),
        (f"$2b$31${SALT}{'.' * 31}", "cost: 31, of at most 15"),
        (f"pbkdf2_sha256$5000001$salt${DIGEST}", "iterations: 5000001, of at most 5000000"),
        (f"scrypt$262144$salt$8$1${LONG_DIGEST}", "memory in KiB: 262144, of at most 131072"),
        (f"scrypt$16384$salt$8$999${LONG_DIGEST}", "blocks: 130940928, of at most 4194304"),
        (f"scrypt$16383$salt$8$1${LONG_DIGEST}", "scrypt whose N is no power of two"),
        (f"scrypt$65536$salt$1$1${LONG_DIGEST}", "scrypt whose N is too large for its r"),
        (f"scrypt$2$salt$2$999999${LONG_DIGEST}", "memory beside it in KiB: 250000, of at most"),
        (f"scrypt$2$salt$500000$1${LONG_DIGEST}", "memory beside it in KiB: 187500, of at most"),
        (f"$argon2id$v=19$m=4194304,t=1,p=1${'a' * 22}${'a' * 43}", "memory in KiB: 4194304"),
        (f"argon2$argon2id$v=19$m=1048576,t=1,p=1${'a' * 22}${'a' * 43}", "memory in KiB"),
        (f"$argon2id$v=19$m=65536,t=999,p=1${'a' * 22}${'a' * 43}", "KiB to fill: 65470464"),
        (f"$argon2id$v=19$m=65536,t=1,p=4096${'a' * 22}${'a' * 43}", "lanes: 4096, of at most 16"),
        ("$argon2id$v=19$m=8,t=1,p=1$YQ$YQ", "a damaged hash of Argon2"),
        (f"$argon2id$v=19$m=1024,t=1,p=0${'a' * 22}${'a' * 43}", "not a whole hash of"),
        (f"$argon2id$v=19$m=1024,t=0,p=1${'a' * 22}${'a' * 43}", "not a whole hash of"),
        (f"$argon2id$v=19$m=0,t=1,p=1${'a' * 22}${'a' * 43}", "not a whole hash of"),
        (f"$argon2id$v=20$m=1024,t=1,p=1${'a' * 22}${'a' * 43}", "not a whole hash of"),
        ("x" * 100_000, "100000 characters, of at most 512"),
        ("md5$salt$5f4dcc3b5aa765d61d8327deb882cf99", "not a whole hash of"),
        (PASSWORD, "not a whole hash of"),
        ("", "not a whole hash of"),
    ],
)
async def test_hash_that_cannot_be_checked_is_a_rejection_and_one_log_line(
    accounts, url, caplog, hashed, problem
):
    await accounts.open()
    store(url, "ada", hashed)
    with caplog.at_level(logging.WARNING):
        assert await accounts.check("ada", PASSWORD) is None
    (line,) = caplog.messages
    assert line.startswith(f"The password hash of account 'ada' can't be checked: {problem}")
    assert not hashed or hashed not in line


@pytest.mark.parametrize(
    "parameters", ["32768$salt$1$126", "2$salt$1$8190", "2$salt$8$1022", "131072$salt$8$1"]
)
def test_scrypt_at_its_limits_can_be_checked(parameters):
    stored = read_hash(f"scrypt${parameters}${LONG_DIGEST}", CHEAP)
    assert stored is not None
    assert not stored.matches(PASSWORD)


async def test_unknown_id_takes_as_long_as_an_account_with_a_foreign_hash(accounts, opened, url):
    """The least time of the processor is compared: a busy machine only makes it longer."""
    await accounts.open()
    store(url, "ada", bcrypt.hashpw(b"tutorial", bcrypt.gensalt(9)).decode())
    later = opened(hasher=PasswordHasher(time_cost=1, memory_cost=4 * 1024, parallelism=1))
    await later.open()
    spent: dict[str, list[float]] = {"nobody": [], "ada": []}
    for account_id, times in spent.items():  # the unknown one first, before any hash is read
        for _ in range(15):
            began = time.process_time()
            assert await later.check(account_id, "a guess") is None
            times.append(time.process_time() - began)
    unknown, foreign = map(min, spent.values())
    assert 0.5 < unknown / foreign < 2, spent  # without the rule: 0.1


def test_limits_follow_a_dearer_hasher():
    dear = PasswordHasher(time_cost=1, memory_cost=256 * 1024, parallelism=32)
    hashed = f"$argon2id$v=19$m={256 * 1024},t=1,p=32${'a' * 22}${'a' * 43}"
    assert read_hash(hashed, dear)
    with pytest.raises(InvalidHash):
        read_hash(hashed, CHEAP)


@pytest.mark.parametrize("kind", ["$2b$10$", "pbkdf2_sha256$1$", "scrypt$2$a$", "argon2$argon2id$"])
@given(rest=st.text(max_size=80))
def test_no_stored_text_makes_a_check_fail(kind, rest):
    assert not Passwords(CHEAP).check("a guess", kind + rest).is_right


@pytest.mark.parametrize("hashed", [*FOREIGN.values(), *(f"!{each}" for each in FOREIGN.values())])
@given(at=st.integers(0, 200), by=st.characters())
def test_changed_hash_takes_no_password(passwords, hashed, at, by):
    changed = hashed[: at % len(hashed)] + by + hashed[at % len(hashed) + 1 :]
    if changed != hashed and not _is_same_bcrypt(changed, hashed):
        assert not passwords.check(PASSWORD, changed).is_right


def _is_same_bcrypt(changed: str, hashed: str) -> bool:
    """Compare but for the version of bcrypt, which all mean the same."""
    return changed.replace("$2a$", "$2b$").replace("$2y$", "$2b$") == hashed.replace("$2a$", "$2b$")
