"""Passkeys: sign-in without a password, as a service on the table `passkeys`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Update, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from authdemo.sessions import Authenticated, Credentials
from authdemo.sessions.errors import CredentialsSignin, to_error_kwargs
from authdemo.sessions.providers import DisplayName

from .ceremonies import (
    Challenge,
    InvalidAnswer,
    KnownPasskey,
    UsedPasskey,
    creation_options,
    is_passkey_id,
    new_challenge,
    new_user_handle,
    request_options,
    verify_authentication,
    verify_registration,
)
from .database import Database
from .errors import AccountRejected
from .hashes import LOCKED
from .mail import MailQueue, Template
from .models import AccountRow, Member, PasskeyRow

PROVIDER = "passkey"
MAX_PASSKEYS = 20

AUTHENTICATORS: Mapping[str, str] = {
    "08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
    "0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
    "50726f74-6f6e-5061-7373-50726f746f6e": "Proton Pass",
    "531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
    "53414d53-554e-4700-0000-000000000000": "Samsung Pass",
    "6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
    "771b48fd-d3d4-4f74-9232-fc157ab0507a": "Edge on Mac",
    "9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
    "adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
    "b5397666-4885-aa6b-cebf-e52262a439a2": "Chromium",
    "b84e4048-15dc-4dd0-8640-f4f60813c8af": "NordPass",
    "bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
    "d548826e-79b4-db40-a3d8-11116f7e8349": "Bitwarden",
    "dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "iCloud Keychain",
    "ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
    "f3809540-7f14-49c1-a8b3-8f813b225541": "Enpass",
    "fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "iCloud Keychain",
    "fdb141b2-5d84-443e-8a35-4698c205a502": "KeePassXC",
}
"""The names that new passkeys get, by the AAGUID of their authenticator."""

_passkey_name = TypeAdapter[str](DisplayName)


@dataclass(frozen=True, slots=True)
class Assertion:
    """A browser's answer to a challenge, for `authorize`; no HTTP client can send one."""

    answer: Mapping[str, Any]
    challenge: Challenge | None


@dataclass(frozen=True, kw_only=True)
class PasskeyProvider(Credentials):
    """Sign-in by passkeys; `passkeys` is for the forms of the package."""

    passkeys: Passkeys


@dataclass(frozen=True, eq=False)
class Passkeys:
    """Adds passkeys to accounts, and authenticates by them.

    Attributes:
        database: Where they are.
        mail: Notifies their owners.
        find: Finds an account's user, or None if it may not sign in.
        clock: The clock.
    """

    database: Database
    mail: MailQueue
    find: Callable[[str], Awaitable[Member | None]]
    clock: Callable[[], float] = time.time

    def provider(self) -> PasskeyProvider:
        """Create the provider for `Auth(providers=...)`."""
        return PasskeyProvider(
            authorize=self.authorize, fields=(), id=PROVIDER, name="Passkey", passkeys=self
        )

    async def of(self, account_id: str) -> Sequence[PasskeyRow]:
        """List an account's passkeys, the oldest first."""
        return await self.database.run(partial(_passkeys_of, account_id))

    async def request(self, origin: str, account_id: str = "") -> tuple[dict[str, Any], Challenge]:
        """Ask for a passkey: the options of `navigator.credentials.get`, and their challenge.

        Args:
            origin: The origin of the page.
            account_id: The only account that may answer; any, if it is empty.
        """
        known = await self.of(account_id) if account_id else ()
        challenge = new_challenge(origin, now=self.clock(), account_id=account_id)
        return request_options(challenge, _known(known)), challenge

    async def creation(self, member: Member, origin: str) -> tuple[dict[str, Any], Challenge]:
        """Ask for a new passkey: the options of `navigator.credentials.create`.

        Raises:
            AccountRejected: If the account has too many passkeys.
        """
        known = await self.of(member.id)
        _check_number(known)
        challenge = new_challenge(
            origin,
            now=self.clock(),
            account_id=member.id,
            user_handle=known[0].user_handle if known else new_user_handle(),
        )
        options = creation_options(
            challenge, _known(known), name=member.id, display_name=member.name or member.id
        )
        return options, challenge

    async def add(self, answer: object, challenge: Challenge | None) -> PasskeyRow:
        """Keep a new passkey.

        Raises:
            AccountRejected: If the answer is invalid, or the passkey is there already.
        """
        try:
            asked = self._check(challenge)
            new = await asyncio.to_thread(verify_registration, answer, asked)
        except InvalidAnswer as error:
            raise AccountRejected("This passkey can't be added.", reason="passkey") from error
        row = PasskeyRow(
            id=new.id,
            account_id=asked.account_id,
            user_handle=asked.user_handle,
            public_key=new.public_key,
            sign_count=new.sign_count,
            can_be_backed_up=new.can_be_backed_up,
            is_backed_up=new.is_backed_up,
            transports=" ".join(new.transports),
            aaguid=new.aaguid,
            name=AUTHENTICATORS.get(new.aaguid, ""),
            created_at=self.clock(),
        )
        try:
            await self.database.run(partial(_insert, row))
        except IntegrityError:
            message = "This passkey is there already."
            raise AccountRejected(message, reason="passkey_taken") from None
        await self._notify(row.account_id, "passkey_added")
        return row

    async def rename(self, account_id: str, passkey_id: str, name: object) -> None:
        """Give a passkey another name.

        Raises:
            AccountRejected: If the name is invalid, or the passkey is not there.
        """
        try:
            text = _passkey_name.validate_python(name, strict=True)
        except ValidationError as error:
            why = to_error_kwargs(error.errors(include_url=False, include_input=False)[0])
            raise AccountRejected(**{**why, "field": "name"}) from None
        own = _own(account_id, passkey_id)
        await self.database.run(partial(_change, update(PasskeyRow).where(*own).values(name=text)))

    async def remove(self, account_id: str, passkey_id: str) -> PasskeyRow:
        """Remove a passkey, unless the account has no other way to sign in.

        Raises:
            AccountRejected: If it is the last way to sign in, or not there.
        """
        removed = await self.database.run(partial(_remove, account_id, passkey_id))
        await self._notify(account_id, "passkey_removed")
        return removed

    async def credentials(
        self, answer: Mapping[str, Any], challenge: Challenge | None
    ) -> dict[str, Any]:
        """Make the credentials that `auth.sign_in` and `auth.confirm` take for the provider.

        They name the account, so that failures count against its limit.
        """
        known = await self._find(_id_of(answer))
        owner = known.account_id if known else ""
        return {"id": owner, "assertion": Assertion(answer, challenge)}

    async def authorize(self, credentials: Mapping[str, Any]) -> Authenticated | None:
        """Find the user whose passkey has answered a challenge, as `Credentials` takes it.

        Raises:
            CredentialsSignin: If it hasn't; the reason is for the sign-in page.
        """
        given = credentials.get("assertion")
        if not isinstance(given, Assertion):
            return None
        passkey_id = _id_of(given.answer)
        known = await self._find(passkey_id)
        if known is None:
            message = "This passkey isn't known here. Sign in another way."
            values = {"credentialId": passkey_id}
            raise CredentialsSignin(message, reason="passkey_unknown", values=values)
        try:
            used = await self._verify(given, known)
        except InvalidAnswer as error:
            message = "The passkey couldn't be verified. Try again."
            raise CredentialsSignin(message, reason="passkey") from error
        member = await self.find(known.account_id)
        if member is None:
            return None
        await self._use(known, used)
        return Authenticated(member, ("swk" if known.can_be_backed_up else "hwk", "user"))

    async def _verify(self, given: Assertion, known: PasskeyRow) -> UsedPasskey:
        challenge = self._check(given.challenge)
        if challenge.account_id not in ("", known.account_id):
            raise InvalidAnswer("The passkey is another account's.")
        used = await asyncio.to_thread(
            verify_authentication, given.answer, challenge, known.public_key
        )
        if used.user_handle not in (None, known.user_handle):
            raise InvalidAnswer("The passkey is for another account.")
        if used.can_be_backed_up != known.can_be_backed_up:
            raise InvalidAnswer("A passkey never changes whether it can be backed up.")
        return used

    def _check(self, challenge: Challenge | None) -> Challenge:
        if challenge is None or challenge.expires_at <= self.clock():
            raise InvalidAnswer("The challenge has been used, or has expired.")
        return challenge

    async def _find(self, passkey_id: str) -> PasskeyRow | None:
        return await self.database.run(partial(_look_up, passkey_id)) if passkey_id else None

    async def _notify(self, account_id: str, template: Template) -> None:
        member = await self.find(account_id)
        if member is not None:
            await self.mail.send(member, template)

    async def _use(self, known: PasskeyRow, used: UsedPasskey) -> None:
        """Store the counter, which increases with each use unless the authenticator has none."""
        count = col(PasskeyRow.sign_count)
        is_newer = or_(count < used.sign_count, (count == 0) & (used.sign_count == 0))
        statement = (
            update(PasskeyRow)
            .where(*_own(known.account_id, known.id), is_newer)
            .values(
                sign_count=used.sign_count,
                is_backed_up=used.is_backed_up,
                last_used_at=self.clock(),
            )
        )
        if not await self.database.run(partial(_count, statement)):
            await self._notify(known.account_id, "passkey_cloned")
            raise CredentialsSignin(
                "A copy of this passkey may be in use. Sign in another way, and remove it.",
                reason="passkey_cloned",
            )


def _id_of(answer: Mapping[str, Any]) -> str:
    given = answer.get("id")
    return given if isinstance(given, str) and is_passkey_id(given) else ""


def _known(rows: Sequence[PasskeyRow]) -> list[KnownPasskey]:
    return [KnownPasskey(row.id, row.transports.split()) for row in rows]


def _check_number(known: Sequence[object]) -> None:
    if len(known) >= MAX_PASSKEYS:
        message = f"An account has at most {MAX_PASSKEYS} passkeys. Remove one first."
        raise AccountRejected(message, reason="passkeys_max", values={"max": MAX_PASSKEYS})


def _own(account_id: str, passkey_id: str) -> tuple[Any, Any]:
    return col(PasskeyRow.account_id) == account_id, col(PasskeyRow.id) == passkey_id


def _passkeys_of(account_id: str, session: Session) -> list[PasskeyRow]:
    query = select(PasskeyRow).where(col(PasskeyRow.account_id) == account_id)
    rows = list(session.exec(query.order_by(col(PasskeyRow.created_at), col(PasskeyRow.id))))
    session.expunge_all()
    return rows


def _look_up(passkey_id: str, session: Session) -> PasskeyRow | None:
    row = session.get(PasskeyRow, passkey_id)
    session.expunge_all()
    return row


def _insert(row: PasskeyRow, session: Session) -> None:
    _lock(row.account_id, session)
    _check_number(_passkeys_of(row.account_id, session))
    session.exec(insert(PasskeyRow).values(row.model_dump()))


def _remove(account_id: str, passkey_id: str, session: Session) -> PasskeyRow:
    has_password = not _lock(account_id, session).password.startswith(LOCKED)
    rows = {row.id: row for row in _passkeys_of(account_id, session)}
    if passkey_id not in rows:
        raise _missing()
    if len(rows) == 1 and not has_password:
        message = "This is your only way to sign in. Set a password or add another passkey first."
        raise AccountRejected(message, reason="passkey_last")
    session.delete(session.get(PasskeyRow, passkey_id))
    return rows[passkey_id]


def _lock(account_id: str, session: Session) -> AccountRow:
    """Let changes of an account's passkeys wait for each other."""
    query = select(AccountRow).where(col(AccountRow.id) == account_id)
    account = session.exec(query.with_for_update()).first()
    if account is None:
        raise AccountRejected("This account doesn't exist.", reason="unknown")
    return account


def _count(statement: Update, session: Session) -> int:
    result = session.exec(statement)
    return result.rowcount


def _change(statement: Update, session: Session) -> None:
    if not _count(statement, session):
        raise _missing()


def _missing() -> AccountRejected:
    return AccountRejected("This passkey isn't there any more.", reason="passkey_missing")
