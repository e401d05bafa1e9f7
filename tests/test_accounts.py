"""The demo's accounts: seeded once, and opened by the right password alone."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest
from argon2 import PasswordHasher, extract_parameters

from authdemo.accounts import (
    MAX_BYTES,
    SEED_PASSWORD,
    SEEDS,
    AccountRefused,
    Accounts,
    DemoUser,
)

JOHN, JANE = SEEDS
LONG = "x" * 72


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "new" / "accounts.db"
    Accounts(path).seed(SEEDS, SEED_PASSWORD)
    return path


@pytest.fixture(scope="module")
def accounts(path):
    return Accounts(path)


def check(accounts, account_id, password):
    return asyncio.run(accounts.check(account_id, password))


def test_the_right_password_tells_who_it_is(accounts):
    assert check(accounts, "john_doe", "tutorial") == JOHN
    assert check(accounts, "jane_admin", "tutorial") == JANE


def test_the_seeds_are_those_of_the_contract():
    assert [(user.id, user.name, user.email, user.role) for user in SEEDS] == [
        ("john_doe", "John Doe", "email@email.email", "user"),
        ("jane_admin", "Jane Admin", "jane@email.email", "admin"),
    ]
    assert SEED_PASSWORD == "tutorial"


@pytest.mark.parametrize(
    "password",
    [
        "",
        "Tutorial",
        "tutorial ",
        " tutorial",
        "tutoria",
        "tutorial\0",
        "tutorial\n",
        "tutori\u0430l",
    ],
)
def test_any_other_password_is_wrong(accounts, password):
    assert check(accounts, "john_doe", password) is None


@pytest.mark.parametrize(
    "account_id",
    ["", "JOHN_DOE", "john_doe ", "john%", "john_doe\0", "' OR 1=1 --", "\ud800", "x" * 2**20],
)
def test_any_other_id_is_nobody(accounts, account_id):
    assert check(accounts, account_id, "tutorial") is None


@pytest.mark.parametrize("value", [None, 1, True, ["john_doe"], {"id": "john_doe"}, b"john_doe"])
def test_what_is_not_text_is_nobody(accounts, value):
    assert check(accounts, value, "tutorial") is None
    assert check(accounts, "john_doe", value) is None


@pytest.mark.parametrize("password", ["\0", "\ud800", "x" * 1025, "é" * 513, "x" * 2**20])
def test_what_can_not_be_a_password_is_wrong(accounts, password):
    assert check(accounts, "john_doe", password) is None


def test_a_password_is_used_to_its_last_byte(tmp_path):
    accounts = Accounts(tmp_path / "accounts.db")
    accounts.seed([DemoUser(id="ada", name="Ada", email="")], LONG + "a")
    assert check(accounts, "ada", LONG + "a")
    assert check(accounts, "ada", LONG + "b") is None
    assert check(accounts, "ada", LONG) is None


def test_an_unknown_id_costs_a_password_check_as_well(accounts, path):
    """Nobody's hash is as dear as everybody's: the time does not tell who has an account."""
    with closing(sqlite3.connect(path)) as db:
        (hashed,) = db.execute("SELECT password FROM accounts WHERE id = 'john_doe'").fetchone()
    nobody = accounts._nobody
    assert extract_parameters(nobody) == extract_parameters(hashed)
    accounts._nobody = PasswordHasher().hash("tutorial")
    try:
        assert check(accounts, "nobody", "tutorial") is None
    finally:
        accounts._nobody = nobody


def test_a_password_costs_what_it_should(accounts):
    """OWASP asks of Argon2id at least 19 MiB in two passes."""
    parameters = extract_parameters(accounts._nobody)
    assert parameters.type.name == "ID"
    assert parameters.memory_cost >= 19 * 1024
    assert parameters.time_cost >= 2


def test_nobody_gets_in_with_nobody_s_password(accounts):
    assert check(accounts, "nobody", "nobody has this password") is None


def test_seeds_are_sown_once(tmp_path):
    accounts = Accounts(tmp_path / "accounts.db")
    accounts.seed(SEEDS[:1], "first")
    accounts.seed(SEEDS, "second")
    assert check(accounts, "john_doe", "first") == JOHN
    assert check(accounts, "john_doe", "second") is None
    assert check(accounts, "jane_admin", "second") is None


def test_no_password_is_kept(path):
    assert b"tutorial" not in path.read_bytes()


async def test_a_hash_that_has_become_too_cheap_is_replaced_at_the_next_login(tmp_path):
    path = tmp_path / "accounts.db"
    cheap = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    Accounts(path, hasher=cheap).seed(SEEDS, SEED_PASSWORD)
    accounts = Accounts(path)
    assert await accounts.check("john_doe", "a guess") is None
    assert extract_parameters(kept(path, "john_doe")).memory_cost == 1024
    assert await accounts.check("john_doe", SEED_PASSWORD)
    now = extract_parameters(kept(path, "john_doe"))
    assert now == extract_parameters(PasswordHasher().hash("any"))
    assert extract_parameters(kept(path, "jane_admin")).memory_cost == 1024
    assert await accounts.check("john_doe", SEED_PASSWORD)


def kept(path, account_id):
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT password FROM accounts WHERE id = ?"
        return db.execute(query, (account_id,)).fetchone()[0]


def test_a_spoiled_hash_lets_nobody_in(tmp_path):
    path = tmp_path / "accounts.db"
    accounts = Accounts(path)
    accounts.seed(SEEDS[:1], "tutorial")
    for spoiled in (
        "",
        "tutorial",
        "$argon2id$v=19$m=65536,t=3,p=4$",
        "$argon2id$v=19$m=8,t=1,p=1$YQ$YQ",
    ):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("UPDATE accounts SET password = ?", (spoiled,))
        assert check(accounts, "john_doe", "tutorial") is None


@pytest.fixture
def own(tmp_path):
    accounts = Accounts(tmp_path / "accounts.db")
    accounts.seed(SEEDS, SEED_PASSWORD)
    return accounts


async def test_a_new_password_takes_the_old_ones_place(own):
    await own.change_password("john_doe", "a new password")
    assert await own.check("john_doe", "a new password") == JOHN
    assert await own.check("john_doe", "tutorial") is None
    assert await own.check("jane_admin", "tutorial") == JANE


@pytest.mark.parametrize("password", ["", "1234567", "x" * (MAX_BYTES + 1), "with\0nul", None, 8])
async def test_a_password_that_can_not_be_changes_nothing(own, password):
    with pytest.raises(AccountRefused):
        await own.change_password("john_doe", password)
    assert await own.check("john_doe", "tutorial") == JOHN


async def test_a_new_role_stays(own):
    await own.change_role("john_doe", "admin")
    assert (await own.find("john_doe")).role == "admin"
    assert await own.find("jane_admin") == JANE


@pytest.mark.parametrize(
    ("account_id", "role"),
    [("john_doe", "root"), ("john_doe", None), ("nobody", "user"), ([], "user")],
)
async def test_a_role_or_an_account_that_is_none_is_refused(own, account_id, role):
    with pytest.raises(AccountRefused):
        await own.change_role(account_id, role)
    assert await own.all() == sorted(SEEDS, key=lambda user: user.id)
