"""Users of other apps: read from a table or a file, checked, and added to the accounts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from argon2 import PasswordHasher
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError
from sqlalchemy import URL, MetaData, Table, inspect, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from authdemo.sessions.errors import FieldValidationError, to_error_kwargs
from authdemo.sessions.providers import DisplayName

from .database import Database, cause, open_engine, read_url
from .errors import AccountRejected
from .hashes import LOCKED, InvalidHash, read_hash
from .models import AccountRow, Member
from .passwords import folded, is_possible

TABLES = ("localuser", "auth_user")
"""The tables of reflex-local-auth and Django."""

_COLUMNS = {
    "id": ("username", "email", "id"),
    "name": ("name",),
    "email": ("email",),
    "role": ("role",),
    "password": (
        *("password", "password_hash", "hashed_password"),
        *("passwordHash", "hashedPassword"),
    ),
    "enabled": ("enabled", "is_active"),
}
_PARTS_OF_NAME = ("first_name", "last_name")
_MAX_ID_CHARACTERS = 255
_MAX_NAME_CHARACTERS = 64


class ImportFailed(Exception):
    """An import that can't go on; the message says why, and what to do."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise FieldValidationError("invisible", "must not hold control or invisible characters")
    return text


def _account_id(text: str) -> str:
    account_id = _printable(text.strip())
    if not account_id or len(account_id) > _MAX_ID_CHARACTERS or not is_possible(account_id):
        raise FieldValidationError("id_form", f"must have 1 to {_MAX_ID_CHARACTERS} characters")
    return account_id


def _password_hash(text: str) -> str:
    try:
        read_hash(text or LOCKED, PasswordHasher())
    except InvalidHash as error:
        raise FieldValidationError("unknown_hash", f"can't be checked: {error}") from None
    return text or LOCKED


class ImportedUser(BaseModel):
    """A user of another app."""

    model_config = ConfigDict(coerce_numbers_to_str=True, hide_input_in_errors=True)

    id: Annotated[str, AfterValidator(_account_id)]
    name: DisplayName
    email: Annotated[str, AfterValidator(_printable)] = ""
    role: str
    password: Annotated[str, AfterValidator(_password_hash)] = LOCKED
    enabled: bool = True

    def row(self) -> AccountRow:
        """Build the account, which is disabled if the user was."""
        fields = self.model_dump(include={"id", "name", "email", "role"})
        row = AccountRow.of(Member(**fields), self.password)
        row.disabled = not self.enabled
        return row


@dataclass(frozen=True)
class Records:
    """What a source holds.

    Attributes:
        name: What to call it.
        columns: The names of its columns.
        values: Its records, each with the place to name in messages.
    """

    name: str
    columns: Sequence[str]
    values: Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Plan:
    """What an import does.

    Attributes:
        rows: The new accounts.
        existing: Ids that have an account, which stays as it is.
        problems: What is wrong with other records, one line each.
        ignored: Columns that accounts have no place for.
    """

    rows: Sequence[AccountRow]
    existing: Sequence[str]
    problems: Sequence[str]
    ignored: Sequence[str]

    @property
    def locked(self) -> int:
        """How many of the new accounts no password opens."""
        return sum(row.disabled or row.password.startswith(LOCKED) for row in self.rows)


def read_records(source: str, table: str = "") -> Records:
    """Read a table of a database, or a file with the ending .csv or .json.

    Raises:
        ImportFailed: If it can't be read.
    """
    if "://" in source:
        return _read_table(read_url(source), table)
    path = Path(source)
    try:
        if path.suffix == ".csv":
            return _read_csv(path)
        if path.suffix == ".json":
            return _read_json(path)
    except (OSError, ValueError, csv.Error) as error:
        raise ImportFailed(f"{source} can't be read: {error}") from None
    raise ImportFailed(
        f"{source}: pass a URL like sqlite:///reflex.db or postgresql://user:password@host/name, "
        "or a file that ends in .csv or .json."
    )


def _read_table(url: URL, name: str) -> Records:
    if _is_missing(url):
        raise ImportFailed(f"There is no file {url.database}.")
    engine = open_engine(url)
    try:
        found = inspect(engine).get_table_names()
        known = [each for each in ((name,) if name else TABLES) if each in found]
        if len(known) != 1:
            raise ImportFailed(
                f"Name the table of users with --table; there are {', '.join(found) or 'none'}."
            )
        table = Table(known[0], MetaData(), autoload_with=engine)
        with engine.connect() as connection:
            rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
    except SQLAlchemyError as error:
        raise ImportFailed(f"The database can't be read: {cause(error)}") from None
    finally:
        engine.dispose()
    return Records(known[0], table.columns.keys(), _numbered("row", map(dict, rows)))


def _read_csv(path: Path) -> Records:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        rows = [(f"line {reader.line_num}", row) for row in reader]
        columns = reader.fieldnames or ()
    if any(None in row or None in row.values() for _, row in rows):
        raise ValueError("a line has more or fewer columns than the first one")
    return Records(path.name, columns, rows)


def _read_json(path: Path) -> Records:
    rows = json.loads(path.read_text("utf-8"))
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it must be a list of objects")
    columns = dict.fromkeys(name for row in rows for name in row)
    return Records(path.name, list(columns), _numbered("user", rows))


def _numbered(noun: str, rows: Iterable[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any]]]:
    return [(f"{noun} {number}", row) for number, row in enumerate(rows, 1)]


def make_plan(
    records: Records, url: URL, *, roles: Sequence[str] = ("user", "admin"), id_column: str = ""
) -> Plan:
    """Check all records, and compare them with the accounts; nothing is written.

    Raises:
        ImportFailed: If the columns aren't there, or the database can't be read.
    """
    names = _map_columns(records.columns, id_column)
    existing, rows, there, problems = _read_accounts(url), dict[str, AccountRow](), [], []
    for place, values in records.values:
        try:
            row = _read_user(values, names, roles).row()
            if row.folded in rows:
                raise AccountRejected(f"The id {row.id!r} is there twice, but for letter case.")
            if _is_same(row, existing.get(row.folded)):
                there.append(row.id)
            else:
                rows[row.folded] = row
        except AccountRejected as error:
            problems.append(f"{place}: {error.message}")
    used = {*names.values(), *_PARTS_OF_NAME}
    ignored = [name for name in records.columns if name not in used]
    return Plan([*rows.values()], there, problems, ignored)


def write_plan(plan: Plan, url: URL) -> None:
    """Add the new accounts, all of them or none.

    Raises:
        ImportFailed: If the database can't keep them.
    """
    with closing(Database(url)) as database:
        try:
            database.commit(lambda session: session.add_all(plan.rows))
        except IntegrityError:
            raise ImportFailed("Another account was added meanwhile. Try again.") from None
        except (SQLAlchemyError, OSError) as error:
            raise ImportFailed(f"The accounts can't be written: {cause(error)}") from None


def _map_columns(columns: Sequence[str], id_column: str) -> dict[str, str]:
    """Find the source's name of each field."""
    wanted = {**_COLUMNS, "id": (id_column,)} if id_column else _COLUMNS
    found = {
        field: next((name for name in names if name in columns), "")
        for field, names in wanted.items()
    }
    if not found["id"]:
        raise ImportFailed(
            f"No column holds the id; there are {', '.join(columns) or 'none'}. Name it with --id."
        )
    return {field: name for field, name in found.items() if name}


def _read_user(
    values: Mapping[str, Any], names: Mapping[str, str], roles: Sequence[str]
) -> ImportedUser:
    fields = {field: values.get(name) for field, name in names.items()}
    parts = (str(values.get(part) or "") for part in _PARTS_OF_NAME)
    fallback = " ".join(filter(None, parts)) or str(fields["id"])[:_MAX_NAME_CHARACTERS]
    given = {field: value for field, value in fields.items() if value not in (None, "")}
    if "enabled" in fields:
        given.setdefault("enabled", False)  # what isn't known to be enabled is disabled
    try:
        user = ImportedUser.model_validate({"name": fallback, "role": roles[0], **given})
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[0]
        raise AccountRejected(**to_error_kwargs(details)) from None
    if user.role not in roles:
        raise AccountRejected(f"The role {user.role!r} is none of {', '.join(roles)}.")
    return user


def _read_accounts(url: URL) -> dict[str, AccountRow]:
    if _is_missing(url):
        return {}
    engine = open_engine(url)
    try:
        if not inspect(engine).has_table(str(AccountRow.__tablename__)):
            return {}
        with engine.connect() as connection:
            rows = connection.execute(select(AccountRow.__table__)).mappings().all()  # type: ignore[attr-defined]
            return {row["folded"]: AccountRow(**row) for row in rows}
    except SQLAlchemyError as error:
        raise ImportFailed(f"The accounts can't be read: {cause(error)}") from None
    finally:
        engine.dispose()


def _is_same(row: AccountRow, existing: AccountRow | None) -> bool:
    """Whether an account is there; it must not be that of another person."""
    if existing and row.email and existing.email and folded(row.email) != folded(existing.email):
        raise AccountRejected(f"The id {row.id!r} has an account with another e-mail address.")
    return existing is not None


def _is_missing(url: URL) -> bool:
    """Whether a file of SQLite is missing, which opening it would create."""
    return url.drivername == "sqlite" and not Path(str(url.database)).exists()
