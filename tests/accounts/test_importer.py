"""`python -m authdemo.accounts import`: a table or a file becomes accounts, or nothing does."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from authdemo.accounts import Member
from authdemo.accounts.__main__ import main
from authdemo.accounts.database import read_url
from tests.accounts.conftest import ADA, PASSWORD, all_of
from tests.accounts.test_hashes import FOREIGN
from tests.accounts.test_service import kept

BCRYPT = FOREIGN["reflex-local-auth"]
LOCAL_USERS = """
CREATE TABLE localuser (
    id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(255) NOT NULL,
    password_hash {binary} NOT NULL, enabled BOOLEAN NOT NULL
);
"""
DJANGO_USERS = """
CREATE TABLE auth_user (
    id INTEGER NOT NULL PRIMARY KEY, password VARCHAR(128) NOT NULL, last_login TEXT,
    is_superuser BOOLEAN NOT NULL, username VARCHAR(150) NOT NULL, last_name VARCHAR(150) NOT NULL,
    email VARCHAR(254) NOT NULL, is_staff BOOLEAN NOT NULL, is_active BOOLEAN NOT NULL,
    date_joined TEXT, first_name VARCHAR(150) NOT NULL
);
"""
DJANGO_ROW = (
    "INSERT INTO auth_user (id, password, is_superuser, username, last_name, email, is_staff,"
    " is_active, first_name) VALUES (:id, :password, FALSE, :username, :last_name, :email, FALSE,"
    " :is_active, :first_name)"
)
AUTHJS = [
    {"id": "c1", "name": "Ada Lovelace", "email": "ada@example.org", "emailVerified": None},
    {"id": "c2", "name": None, "email": "grace@example.org", "password": FOREIGN["bcryptjs"]},
]


@pytest.fixture
def imported(url, capsys):
    """Run the command on the accounts' database; return what it prints and its error."""

    def run(*arguments: str) -> tuple[str, str]:
        error = ""
        try:
            main(["import", *arguments, "--to", url])
        except SystemExit as ended:
            error = str(ended)
        return capsys.readouterr().out, error

    return run


@pytest.fixture
def old(url, tmp_path) -> str:
    """The database of the other app, on the same server."""
    return url if url.startswith("postgresql") else f"sqlite:///{tmp_path}/reflex.db"


def execute(url: str, *statements: str, **values: object) -> None:
    engine = create_engine(read_url(url))
    with engine.begin() as db:
        for statement in statements:
            db.execute(text(statement), values)
    engine.dispose()


def add_local_users(url: str, *users: tuple[str, bool]) -> None:
    binary = "BYTEA" if url.startswith("postgresql") else "BLOB"
    execute(url, LOCAL_USERS.format(binary=binary))
    insert = "INSERT INTO localuser VALUES (:id, :username, :hash, :enabled)"
    for number, (username, enabled) in enumerate(users, 1):
        values = {"id": number, "username": username, "hash": BCRYPT.encode(), "enabled": enabled}
        execute(url, insert, **values)


def write_json(folder: Path, users: object) -> str:
    path = folder / "users.json"
    path.write_text(json.dumps(users))
    return str(path)


async def test_users_of_reflex_local_auth_sign_in_after_the_import(imported, opened, old, url):
    add_local_users(old, ("alice", True), ("Bob", True), ("mallory", False))
    said, error = imported(old, "--write")
    assert (error, said.splitlines()) == (
        "",
        [
            "localuser: 3 users",
            "  new accounts: 3, of which 1 are locked",
            "  have an account already: 0",
            "  columns that accounts don't have: id",
            "Done.",
        ],
    )
    accounts = opened()
    alice = Member(id="alice", name="alice", email="", role="user")
    assert await accounts.check("alice", PASSWORD) == alice
    assert (await accounts.check("bob", PASSWORD)).id == "Bob"
    assert await accounts.check("mallory", PASSWORD) is None
    assert kept(url, "alice").startswith("$argon2id$")
    assert kept(url, "mallory") == BCRYPT


async def test_users_of_django_sign_in_after_the_import(imported, opened, old):
    execute(old, DJANGO_USERS)
    hashes = [each for name, each in FOREIGN.items() if name.startswith("Django")]
    for number, hashed in enumerate([*hashes, "!unusable"]):
        values = {"id": number, "password": hashed, "username": f"user{number}", "email": ""}
        values |= {"first_name": "Ada", "last_name": f"N{number}", "is_active": True}
        execute(old, DJANGO_ROW, **values)
    said, error = imported(old, "--write")
    assert error == ""
    assert "new accounts: 6, of which 1 are locked" in said
    assert "don't have: id, last_login, is_superuser, is_staff, date_joined" in said
    accounts = opened()
    for number in range(5):
        assert (await accounts.check(f"user{number}", PASSWORD)).name == f"Ada N{number}"
    assert await accounts.check("user5", PASSWORD) is None


async def test_users_of_authjs_sign_in_by_their_address(imported, opened, tmp_path):
    _, error = imported(write_json(tmp_path, AUTHJS), "--write")
    assert error == ""
    accounts = opened()
    grace = await accounts.check("Grace@example.org", PASSWORD)
    assert (grace.id, grace.name) == ("grace@example.org", "grace@example.org")
    assert await accounts.check("ada@example.org", PASSWORD) is None
    await accounts.change_password("ada@example.org", "a new password")
    assert (await accounts.check("ada@example.org", "a new password")).name == "Ada Lovelace"


async def test_disabled_user_is_not_let_in_by_a_reset(imported, open_office, tmp_path):
    path = write_json(tmp_path, [{"id": "eve", "email": "eve@example.org", "enabled": False}])
    _, error = imported(path, "--write")
    assert error == ""
    async with open_office() as office:
        await office.links.request_reset("eve@example.org", origin="http://localhost:3000")
        await office.deliver()
        assert office.postbox.mails == []


async def test_file_of_comma_separated_values_is_imported(imported, opened, tmp_path):
    path = tmp_path / "users.csv"
    lines = ["\ufefflogin,name,email,role,hashedPassword,is_active", f"ada,Ada,,admin,{BCRYPT},f"]
    lines += [f"unknown,,,,{BCRYPT},"]
    path.write_text("\n".join([*lines, f'mary,"Shelley, Mary",m@example.org,,{BCRYPT},yes']))
    _, error = imported(str(path), "--id", "login", "--write")
    assert error == ""
    accounts = opened()
    disabled = (await accounts.search(disabled=True)).members
    assert [(each.id, each.role) for each in disabled] == [("ada", "admin"), ("unknown", "user")]
    for each in disabled:
        assert await accounts.check(each.id, PASSWORD) is None
        await accounts.update(each.id, disabled=False)
        assert await accounts.check(each.id, PASSWORD)
    assert (await accounts.check("mary", PASSWORD)).name == "Shelley, Mary"


def test_dry_run_writes_nothing(imported, url, old, tmp_path):
    add_local_users(old, ("alice", True))
    said, error = imported(old)
    assert (error, said.splitlines()[-1]) == (
        "",
        "Nothing is written yet. To import them, add --write.",
    )
    assert not (tmp_path / "new").exists()
    if url.startswith("postgresql"):
        engine = create_engine(read_url(url))
        assert not inspect(engine).has_table("accounts")
        engine.dispose()


async def test_second_import_changes_nothing(imported, opened, old, url):
    add_local_users(old, ("alice", True), ("mallory", False))
    imported(old, "--write")
    accounts = opened()
    await accounts.check("alice", PASSWORD)
    await accounts.update("alice", role="admin")
    before = kept(url, "alice")
    execute(
        old,
        "INSERT INTO localuser SELECT 3, 'carol', password_hash, enabled FROM localuser"
        " WHERE username = 'alice'",
    )
    said, error = imported(old, "--write")
    assert error == ""
    assert "new accounts: 1, of which 0 are locked" in said
    assert "have an account already: 2" in said
    assert kept(url, "alice") == before
    assert (await accounts.get("alice")).role == "admin"
    assert (await accounts.check("carol", PASSWORD)).id == "carol"


INVALID = {
    "user 1: The id must have 1 to 255 characters.": {"username": " "},
    "user 1: The id must not hold control or invisible characters.": {"username": "a\u202eb"},
    "user 1: The name must have 1 to 64 characters.": {"username": "ada", "name": "x" * 65},
    "user 1: The email must not hold control or invisible characters.": {
        "username": "ada",
        "email": "ada@example.org\nBcc: x@example.org",
    },
    "user 1: The role 'root' is none of user, admin.": {"username": "ada", "role": "root"},
    "user 1: The password can't be checked: not a whole hash of Argon2, bcrypt, or Django's "
    "bcrypt, PBKDF2 or scrypt.": {"username": "ada", "password": PASSWORD},
    "user 1: The password can't be checked: cost: 31, of at most 15.": {
        "username": "ada",
        "password": BCRYPT.replace("$04$", "$31$"),
    },
    "user 1: The enabled is not valid: ": {"username": "ada", "enabled": "perhaps"},
}


@pytest.mark.parametrize(("problem", "user"), INVALID.items())
async def test_invalid_user_stops_the_import_with_the_place_and_the_field(
    imported, opened, tmp_path, problem, user
):
    mary = {"username": "mary", "password": BCRYPT}
    source = write_json(tmp_path, [user, mary])
    said, error = imported(source, "--write")
    assert f"  {problem}" in said
    assert PASSWORD not in said
    assert error == (
        "error: Nothing is written. Correct these users, or leave them out with --skip-invalid."
    )
    assert await all_of(opened()) == []
    imported(source, "--write", "--skip-invalid")
    assert [member.id for member in await all_of(opened())] == ["mary"]


def test_two_users_of_one_id_are_a_problem(imported, tmp_path):
    users = [{"username": name, "password": BCRYPT} for name in ("ada", "ADA")]
    said, error = imported(write_json(tmp_path, users), "--write")
    assert "user 2: The id 'ADA' is there twice, but for letter case." in said
    assert error


async def test_account_of_another_person_is_a_problem(imported, accounts, tmp_path):
    await accounts.open()
    users = [{"username": "ada", "email": "another@example.org", "password": BCRYPT}]
    said, error = imported(write_json(tmp_path, users), "--write")
    assert "user 1: The id 'ada' has an account with another e-mail address." in said
    assert error
    assert await accounts.check("ada", PASSWORD) == ADA


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "users.json can't be read: "),
        ("{", "users.json can't be read: "),
        ('{"users": []}', "users.json can't be read: it must be a list of objects"),
        ("[1]", "users.json can't be read: it must be a list of objects"),
        ('[{"login": "ada"}]', "No column holds the id; there are login. Name it with --id."),
    ],
)
def test_file_that_cannot_be_read_is_one_line(imported, tmp_path, content, said):
    path = tmp_path / "users.json"
    if content is not None:
        path.write_text(content)
    printed, error = imported(str(path))
    assert (printed, said in error, "\n" in error) == ("", True, False)


def test_source_that_is_no_source_says_what_it_takes(imported, tmp_path):
    assert "sqlite:///reflex.db or postgresql://" in imported("users.xlsx")[1]
    assert "There is no file" in imported(f"sqlite:///{tmp_path}/none.db")[1]
    assert not (tmp_path / "none.db").exists()
    assert "DB_URL takes a URL like" in imported("mysql://localhost/app")[1]
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE people (id TEXT)")
    _, error = imported(f"sqlite:///{tmp_path}/other.db")
    assert error == "error: Name the table of users with --table; there are people."
    (tmp_path / "text.db").write_text("not a database, but a text that is long enough" * 100)
    assert "The database can't be read: " in imported(f"sqlite:///{tmp_path}/text.db")[1]


def test_csv_with_uneven_lines_is_rejected(imported, tmp_path):
    path = tmp_path / "users.csv"
    path.write_text("username,password\nada\n")
    assert "a line has more or fewer columns than the first one" in imported(str(path))[1]


def test_command_runs_as_a_module(tmp_path):
    source = write_json(tmp_path, AUTHJS)
    command = [sys.executable, "-m", "authdemo.accounts", "import", source]
    ended = subprocess.run(
        command,
        env={"AUTH_DATA_DIR": str(tmp_path / "data"), "PATH": str(shutil.which("sh"))},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert ended.stdout.splitlines()[1] == "  new accounts: 2, of which 1 are locked"
    assert not (tmp_path / "data").exists()
