"""The accounts, and their passwords."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

from argon2 import PasswordHasher
from pydantic import ValidationError
from sqlalchemy import ColumnElement, Engine, delete, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from authdemo.sessions import Auth, ConfigurationError
from authdemo.sessions.errors import StoreUnavailable, UpdateRejected, to_error_kwargs
from authdemo.sessions.providers import data_folder

from .administration import Administration, keep_administrator
from .commands import AccountCommands
from .database import Database, database_url, read_url
from .errors import AccountRejected, AccountsUnavailable
from .hashing import HashingPool
from .link_tokens import BEFORE_PASSWORD, cancel
from .links import Links
from .mail import MailQueue
from .models import FOREIGN_HASH, AccountRow, AccountUpdate, MailRow, Member, folded_columns
from .notices import Notices
from .passkeys import Passkeys
from .passwords import (
    Passwords,
    Registration,
    checked_password,
    folded,
    is_possible,
)
from .search import Page, make_search
from .second_factor import SecondFactor
from .transports import Transport, read_sender, read_transport

logger = logging.getLogger("authdemo.sessions")

_SAMPLE_SIZE = 1000


_attached: list[Accounts] = []


class Accounts:
    """Accounts in a database that several workers may share.

    Nothing is opened before `open` or the first query. While the database is away, a query raises
    `AccountsUnavailable`, and the next one tries again.

    Attributes:
        roles: The roles that there are.
        mail: Sends mail to users.
        links: What links in mails do.
        notices: Mails users about what happens to their accounts.
        passkeys: Adds passkeys, and authenticates by them.
        second_factor: Authenticator apps, recovery codes, and browsers that are remembered.
        administration: What administrators do with accounts.
    """

    def __init__(
        self,
        url: str = "",
        *,
        roles: Sequence[str] = ("user", "admin"),
        hasher: PasswordHasher | None = None,
        mail: Transport | None = None,
    ) -> None:
        """Name the database.

        Args:
            url: Where it is; what `DB_URL` says by default, or else `accounts.db` in the
                folder that `AUTH_DATA_DIR` names.
            roles: The roles that there are; a new account gets the first.
            hasher: Hashes passwords; when it asks for more, each account follows at its
                next login.
            mail: Carries mail; the server that `AUTH_SMTP_URL` names by default, or else files
                in `outbox/` of the folder that `AUTH_DATA_DIR` names.

        Raises:
            ConfigurationError: If `DB_URL`, or `url`, doesn't name a database, `AUTH_DATA_DIR`
                no folder, `AUTH_SMTP_URL` no server or `AUTH_MAIL_FROM` no sender; says what it
                takes.
        """
        self.roles = tuple(roles)
        self._passwords = Passwords(hasher)
        self._hashing = HashingPool(self._passwords.memory_cost)
        self.database = Database(read_url(url) if url else database_url(data_folder()))
        self.database.run_first(self._expect_foreign_hashes)
        self._auth: Auth[Any] | None = None
        transport = mail or read_transport(data_folder())
        self.mail = MailQueue(self.database, transport, read_sender(), self._find_auth)
        self.passkeys = Passkeys(self.database, self.mail, self.find)
        hashing = partial(self._hashing.run, self._passwords.hash)
        self.links = Links(self.database, self.mail, hashing, self._find_auth)
        self.notices = Notices(self.database, self.mail, self.find)
        self.second_factor = SecondFactor(
            self.database, self.get, self.update, lambda: self._find_auth().keys
        )
        self.administration = Administration(self.get, self.update, self.mail)

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Open the database while an app starts, send mail, and close it when the app stops.

        Pass it to `app.register_lifespan_task`. If the database can't be reached, the log says
        so, and the next query tries again.

        Raises:
            ConfigurationError: If the tables are of another version; says what to do.
        """
        await self.open()
        sending = asyncio.create_task(self.mail.run())
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            self.close()

    async def open(self) -> None:
        """Open the database and migrate its tables, so that no visitor waits for it.

        Raises:
            ConfigurationError: If the tables are of another version; says what to do.
        """
        with suppress(AccountsUnavailable):
            await self.database.open()

    def seed(self, members: Iterable[Member], password: str) -> None:
        """Add accounts if the table is empty when the database is opened.

        Args:
            members: The users.
            password: The password of them all.
        """
        seed = tuple(members)
        self.database.run_first(lambda engine: self._insert_seed(engine, seed, password))

    async def authorize(self, credentials: Mapping[str, Any]) -> Member | None:
        """Find the user with this `id` and `password`, as `Credentials(authorize=...)` takes it.

        Args:
            credentials: What the form sent.

        Returns:
            The user, or None.
        """
        return await self.check(credentials.get("id"), credentials.get("password"))

    async def check(self, account_id: object, password: object) -> Member | None:
        """Check a password, without saying what was wrong and in no less time.

        Args:
            account_id: The account's id, as it was typed, in any letter case.
            password: The password, as it was typed.

        Returns:
            The user, or None.

        Raises:
            AccountsUnavailable: If the database can't say, or too many are waiting for it.
        """
        if not is_possible(account_id) or not is_possible(password):
            return None
        found = await self.database.run(partial(_look_up, account_id))
        member, hashed = found or (None, None)
        checked = await self._hashing.run(self._passwords.check, password, hashed)
        if member and checked.problem:
            logger.error(
                "The password hash of account %r can't be checked: %s.", member.id, checked.problem
            )
        if not checked.is_right:
            return None
        if member and hashed and checked.is_outdated:
            await self._renew(member.id, password, hashed)
        return member

    async def register(self, form: Mapping[str, Any] | Registration) -> Member:
        """Make an account.

        Args:
            form: Its `id`, `name`, `email` and `password`, as they were typed. Other fields are
                ignored.

        Returns:
            The user.

        Raises:
            AccountRejected: If a field is not as it must be, or the id is taken, in whichever
                letter case; names the field.
            AccountsUnavailable: If the database can't keep it, or too many are waiting for it.
        """
        asked = form if isinstance(form, Registration) else Registration.read(form)
        password = await self._hashing.run(self._passwords.hash, asked.password)
        member = Member(id=asked.id, name=asked.name, email=asked.email, role=self.roles[0])
        row = AccountRow.of(member, password)
        row.is_unclaimed = True
        try:
            await self.database.run(lambda session: session.add(row))
        except IntegrityError:
            raise AccountRejected("The id is taken.", field="id", reason="taken") from None
        return member

    async def change_password(self, account_id: str, password: object) -> None:
        """Give an account a new password; ask for the old one before.

        Args:
            account_id: The account's id.
            password: The new password, as it was typed.

        Raises:
            AccountRejected: If it can't be a password, or there is no such account; says why.
            AccountsUnavailable: If the database can't keep it, or too many are waiting for it.
        """
        checked = checked_password(password, account_id)
        hashed = await self._hashing.run(self._passwords.hash, checked)
        await self._write(account_id, {"password": hashed})
        if (member := await self.find(account_id)) is not None:
            await self.mail.send(member, "password_changed")

    async def update(self, account_id: str, **fields: object) -> None:
        """Change an account, which may be disabled; every session of its user follows at once.

        Args:
            account_id: The account's id.
            **fields: `disabled`, and all fields of `Member` but `id`.

        Raises:
            AccountRejected: If there is no such account, or a value is invalid; names the field.
            AccountsUnavailable: If the database can't keep it.
            StoreUnavailable: If the account has changed, but some sessions couldn't follow: call
                `auth.refresh` later.
        """
        await self._write(account_id, self._read_update(fields))
        await self._follow(account_id, *fields)

    async def save(self, account_id: str, fields: Mapping[str, Any]) -> None:
        """Keep what a session changes, as `Auth(save_user=...)` takes it.

        Fields that accounts don't have are left to the session.

        Args:
            account_id: The account's id; a user without an account has nothing to keep.
            fields: The fields, and their new values.

        Raises:
            UpdateRejected: If a value is invalid; names the field.
            AccountsUnavailable: If the database can't keep it.
        """
        known = {name: fields[name] for name in fields.keys() & AccountUpdate.model_fields.keys()}
        try:
            await self._write(account_id, self._read_update(known))
        except AccountRejected as error:
            if error.reason == "unknown":
                return
            raise UpdateRejected(
                error.message, field=error.field, reason=error.reason, values=error.values
            ) from None

    async def delete(self, account_id: str) -> None:
        """Delete an account, and all that belongs to it; its sessions end at once.

        Args:
            account_id: The account's id.

        Raises:
            AccountRejected: If there is no such account.
            AccountsUnavailable: If the database can't do it.
            StoreUnavailable: If the sessions can't be ended; then the account stays.
        """
        await asyncio.shield(self._delete(account_id))  # the caller's own session ends, too

    def attach(self, auth: Auth[Any]) -> None:
        """Have every session of a user follow changes of their account.

        The command line `authdemo users` works then, too.

        Args:
            auth: The app's sessions, with `find_user=accounts.find`.
        """
        self._auth = auth
        AccountCommands(self, auth)
        _attached[:] = [self]

    async def find(self, account_id: str) -> Member | None:
        """Find an account's user, as `Auth(find_user=...)` takes it; None if it is disabled.

        Args:
            account_id: The account's id.

        Returns:
            The user, or None.

        Raises:
            AccountsUnavailable: If the database can't say.
        """
        found = await self.database.run(partial(_look_up, account_id))
        return found[0] if found else None

    async def get(self, account_id: str) -> Member:
        """Find the user of an account that must exist.

        Args:
            account_id: The account's id.

        Returns:
            The user.

        Raises:
            AccountRejected: If there is no such account.
            AccountsUnavailable: If the database can't say.
        """
        found = await self.find(account_id)
        if found is None:
            raise _unknown()
        return found

    async def search(
        self,
        text: str = "",
        *,
        after: str = "",
        limit: int = 50,
        role: str | None = None,
        disabled: bool | None = None,
    ) -> Page:
        """List accounts, a page at a time.

        Args:
            text: How their id, e-mail address or name begins, in any letter case. Accounts found
                by id come first, by id; then those found by address, then those found by name.
            after: The `cursor` of the page before.
            limit: How many accounts a page has, at most 200.
            role: Only accounts with this role.
            disabled: Only accounts that are disabled, or only those that aren't.

        Returns:
            The page.

        Raises:
            AccountRejected: If `after` is no cursor.
            AccountsUnavailable: If the database can't say.
        """
        wanted = make_search(text, after=after, limit=limit, role=role, disabled=disabled)
        return await self.database.run(wanted.run)

    def close(self) -> None:
        """Close the database, where the process goes on without it."""
        self.database.close()

    def _read_update(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        try:
            wanted = AccountUpdate.model_validate(fields).model_dump(exclude_unset=True)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise AccountRejected(**to_error_kwargs(first)) from None
        if wanted.get("role", self.roles[0]) not in self.roles:
            raise AccountRejected(
                f"A role is one of {', '.join(self.roles)}.", field="role", reason="no_such_role"
            )
        return wanted

    async def _write(self, account_id: str, fields: Mapping[str, Any]) -> str:
        """Change columns of an account, also of a disabled one; return its id as stored."""

        def write(session: Session) -> str:
            row = _find_row(account_id, session)
            if row is None:
                raise _unknown()
            keep_administrator(row, fields, session)
            if "password" in fields or fields.get("disabled"):
                cancel(session, row.id, *BEFORE_PASSWORD)
            if fields.get("email", row.email) != row.email:
                row.email_verified = False
            row.sqlmodel_update(dict(fields))
            if fields.get("email_verified"):
                row.is_unclaimed = False
            row.sqlmodel_update(folded_columns(row.member()))
            return row.id

        return await self.database.run(write)

    async def _delete(self, account_id: str) -> None:
        is_enabled = await self.find(account_id) is not None
        account_id = await self._write(account_id, {"disabled": True})  # nobody signs in meanwhile
        try:
            if self._auth is not None:
                await self._auth.revoke_user(account_id, "deleted")
        except StoreUnavailable:
            await self._write(account_id, {"disabled": not is_enabled})
            raise

        def remove(session: Session) -> None:
            row = _find_row(account_id, session)
            if row is not None:
                session.exec(delete(MailRow).where(col(MailRow.account_id) == row.id))
                session.delete(row)

        await self.database.run(remove)

    def _find_auth(self) -> Auth[Any]:
        return self._auth or Auth.installed()

    async def _follow(self, account_id: str, *fields: str) -> None:
        if self._auth is not None:
            await self._auth.refresh(account_id, *fields)

    async def _renew(self, account_id: str, password: str, hashed: str) -> None:
        """Replace a hash, unless the password has changed; no login fails because of it."""
        known = col(AccountRow.id) == account_id, col(AccountRow.password) == hashed
        with suppress(AccountsUnavailable):
            renewed = await self._hashing.run(self._passwords.hash, password)
            statement = update(AccountRow).where(*known).values(password=renewed)
            await self.database.run(lambda session: session.exec(statement))

    def _expect_foreign_hashes(self, engine: Engine) -> None:
        """Learn what passwords cost that other apps have hashed; a sample is enough."""
        with Session(engine) as session:
            query = select(AccountRow.password).where(FOREIGN_HASH).limit(_SAMPLE_SIZE)
            self._passwords.expect(session.exec(query))

    def _insert_seed(self, engine: Engine, members: Sequence[Member], password: str) -> None:
        with suppress(IntegrityError), Session(engine) as session, session.begin():
            if session.exec(select(AccountRow.id).limit(1)).first() is None:
                session.add_all(
                    AccountRow.of(each, self._passwords.hash(password)) for each in members
                )


def installed() -> Accounts:
    """Find the running app's accounts, for the forms that are ready to use.

    Raises:
        ConfigurationError: If there are none.
    """
    if not _attached:
        raise ConfigurationError("A page needs accounts. Call accounts.attach(auth) in the app.")
    return _attached[0]


def _has_id(account_id: str) -> ColumnElement[bool]:
    """Match an id in any letter case."""
    return col(AccountRow.folded) == folded(account_id)


def _find_row(account_id: str, session: Session) -> AccountRow | None:
    if not is_possible(account_id):
        return None
    return session.exec(select(AccountRow).where(_has_id(account_id))).first()


def _look_up(account_id: str, session: Session) -> tuple[Member, str] | None:
    """Find an account's user and hash, unless it is disabled."""
    row = _find_row(account_id, session)
    return (row.member(), row.password) if row and not row.disabled else None


def _unknown() -> AccountRejected:
    return AccountRejected("This account doesn't exist.", reason="unknown")
