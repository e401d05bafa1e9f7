"""The second factor: an authenticator app, recovery codes, and browsers that are remembered."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import pyotp
from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from .database import Database
from .errors import AccountRejected
from .models import AccountRow, AuthenticatorRow, BrowserRow, Member, RecoveryCodeRow

if TYPE_CHECKING:
    from authdemo.sessions import Device
    from authdemo.sessions.providers import KeyRing

DAYS = 30
"""How long a browser is remembered."""

STEP_SECONDS = 30
"""How long an app shows a code (RFC 6238)."""

RECOVERY_CODES = 10

_WINDOW = 1
_SECRET = "authenticator secret"  # noqa: S105 - the purpose of a key
_RECOVERY = "recovery code"
_CODE = re.compile(r"\d{6}", re.ASCII)
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_HALF = 5
_RECOVERY_CODE = re.compile(f"[{_LETTERS}]{{{2 * _HALF}}}")
_MAX_TYPED = 64
_MAX_BROWSERS = 20


@dataclass(frozen=True, slots=True)
class Enrollment:
    """An authenticator app that is being set up.

    Attributes:
        secret: The secret as text, to type it into the app.
        uri: The secret as an `otpauth:` URI, for a QR code.
    """

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class RememberedBrowser:
    """A browser in which sign-in asks for no code.

    Attributes:
        id: Its id; no credential.
        user_agent: Its `User-Agent`.
        ip: The address that it was remembered at.
        created_at: When, in seconds since 1970.
        expires_at: When it is forgotten.
    """

    id: str
    user_agent: str
    ip: str
    created_at: float
    expires_at: float


@dataclass(frozen=True, eq=False)
class SecondFactor:
    """The second factors of accounts, as `Auth(second_factor=...)` takes it."""

    database: Database
    get: Callable[[str], Awaitable[Member]]
    update: Callable[..., Awaitable[None]]
    keys: Callable[[], KeyRing]
    clock: Callable[[], float] = time.time

    async def is_required(self, account_id: str) -> bool:
        """Tell whether sign-in to an account needs a second factor."""

        def read(session: Session) -> bool:
            row = session.get(AccountRow, account_id)
            return row is not None and row.two_factor

        return await self.database.run(read)

    async def begin(self, account_id: str, *, issuer: str) -> Enrollment:
        """Make the secret for a new authenticator app; it counts only once `confirm` has a code.

        Args:
            account_id: The account's id.
            issuer: What the app calls this one.

        Raises:
            AccountRejected: If there is no such account, or it has an authenticator app already.
        """
        member = await self.get(account_id)
        secret = pyotp.random_base32()
        sealed = self.keys().encrypt(_SECRET, secret.encode(), member.id)
        row = AuthenticatorRow(account_id=member.id, secret=sealed, created_at=self.clock())
        await self.database.run(partial(_put_secret, row))
        totp = pyotp.TOTP(secret, name=member.email or member.id, issuer=issuer)
        return Enrollment(secret, totp.provisioning_uri())

    async def confirm(self, account_id: str, code: str) -> list[str]:
        """Turn the second factor on with the app's first code, and make its recovery codes.

        Raises:
            AccountRejected: If the code is wrong.
        """
        codes = _make_codes()

        def turn_on(session: Session) -> bool:
            if not self._use_code(account_id, code, session, is_active=False):
                return False
            self._put_codes(account_id, codes, session)
            _set(session, AuthenticatorRow, account_id, is_active=True, created_at=self.clock())
            session.exec(
                update(AccountRow).where(col(AccountRow.id) == account_id).values(two_factor=True)
            )
            return True

        if not await self.database.run(turn_on):
            raise AccountRejected("The code is wrong.", field="code", reason="code")
        await self.update(account_id, two_factor=True)
        return codes

    async def turn_off(self, account_id: str) -> None:
        """Turn the second factor off, and forget its secret, codes and browsers."""

        def forget(session: Session) -> None:
            for table in (AuthenticatorRow, RecoveryCodeRow, BrowserRow):
                session.exec(delete(table).where(col(table.account_id) == account_id))

        await self.update(account_id, two_factor=False)
        await self.database.run(forget)

    async def verify(self, account_id: str, code: str) -> bool:
        """Check a code of the app or a recovery code, and use it up."""
        return await self.database.run(partial(self._use, account_id, code))

    async def renew_codes(self, account_id: str) -> list[str]:
        """Make new recovery codes; the old ones are void.

        Raises:
            AccountRejected: If the second factor is off.
        """
        codes = _make_codes()

        def renew(session: Session) -> bool:
            row = session.get(AuthenticatorRow, account_id)
            if row is None or not row.is_active:
                return False
            self._put_codes(account_id, codes, session)
            return True

        if not await self.database.run(renew):
            raise AccountRejected("There is no second factor.", reason="no_second_factor")
        return codes

    async def count_codes(self, account_id: str) -> int:
        """Count the recovery codes that are left."""
        query = select(RecoveryCodeRow.mac).where(col(RecoveryCodeRow.account_id) == account_id)
        return len(await self.database.run(lambda session: session.exec(query).all()))

    async def remember(self, account_id: str, device: Device) -> str:
        """Remember a browser for 30 days, or until the password changes; return its token."""
        token, now = secrets.token_hex(20), self.clock()

        def put(session: Session) -> None:
            newest = col(BrowserRow.created_at).desc()
            kept = session.exec(_browsers_of(account_id).order_by(newest)).all()
            for number, old in enumerate(kept, 1):
                if old.expires_at <= now or number >= _MAX_BROWSERS:
                    session.delete(old)
            session.add(
                BrowserRow(
                    token_hash=_hash(token),
                    account_id=account_id,
                    password_hash=_password_hash(account_id, session),
                    user_agent=device.user_agent,
                    ip=device.ip,
                    created_at=now,
                    expires_at=now + DAYS * 86_400,
                )
            )

        await self.database.run(put)
        return token

    async def is_remembered(self, account_id: str, token: str) -> bool:
        """Tell whether a token is that of a browser which this account remembers."""
        known = await self.browsers(account_id)
        return any(hmac.compare_digest(each.id, _hash(token)) for each in known)

    async def browsers(self, account_id: str) -> list[RememberedBrowser]:
        """List the browsers that an account remembers, the newest first."""

        def read(session: Session) -> list[RememberedBrowser]:
            query = (
                _browsers_of(account_id)
                .where(col(BrowserRow.expires_at) > self.clock())
                .where(col(BrowserRow.password_hash) == _password_hash(account_id, session))
                .order_by(col(BrowserRow.created_at).desc())
            )
            return [
                RememberedBrowser(
                    row.token_hash, row.user_agent, row.ip, row.created_at, row.expires_at
                )
                for row in session.exec(query)
            ]

        return await self.database.run(read)

    async def forget(self, account_id: str, browser_id: str = "") -> None:
        """Forget a browser of an account, or all of them."""
        query = delete(BrowserRow).where(col(BrowserRow.account_id) == account_id)
        if browser_id:
            query = query.where(col(BrowserRow.token_hash) == browser_id)
        await self.database.run(lambda session: session.exec(query))

    def _use(self, account_id: str, code: str, session: Session) -> bool:
        account = session.get(AccountRow, account_id)
        if account is None or account.disabled or not account.two_factor:
            return False
        typed = re.sub(r"[\s-]", "", code[:_MAX_TYPED]).lower()
        if _CODE.fullmatch(typed):
            return self._use_code(account_id, typed, session, is_active=True)
        is_possible = _RECOVERY_CODE.fullmatch(typed) is not None
        return is_possible and self._use_recovery(account_id, typed, session)

    def _use_code(self, account_id: str, code: str, session: Session, *, is_active: bool) -> bool:
        row = session.get(AuthenticatorRow, account_id)
        sealed = row.secret if row is not None and row.is_active is is_active else ""
        secret = self.keys().decrypt(_SECRET, sealed, account_id)
        step = None if secret is None else _find_step(secret.decode(), code, self.clock())
        if step is None:
            return False
        unused = col(AuthenticatorRow.last_step) < step
        return _set(session, AuthenticatorRow, account_id, unused, last_step=step) == 1

    def _use_recovery(self, account_id: str, typed: str, session: Session) -> bool:
        is_theirs = col(RecoveryCodeRow.account_id) == account_id
        for mac in session.exec(select(RecoveryCodeRow.mac).where(is_theirs)).all():
            if self.keys().verify(_RECOVERY, f"{account_id}\0{typed}", mac):
                used = session.exec(
                    delete(RecoveryCodeRow).where(is_theirs, col(RecoveryCodeRow.mac) == mac)
                )
                return _count(used) == 1
        return False

    def _put_codes(self, account_id: str, codes: list[str], session: Session) -> None:
        session.exec(delete(RecoveryCodeRow).where(col(RecoveryCodeRow.account_id) == account_id))
        for code in codes:
            text = f"{account_id}\0{code.replace('-', '')}"
            mac = self.keys().mac(_RECOVERY, text)
            session.add(RecoveryCodeRow(account_id=account_id, mac=mac))


def _put_secret(new: AuthenticatorRow, session: Session) -> None:
    account = session.get(AccountRow, new.account_id)
    row = session.get(AuthenticatorRow, new.account_id) if account and account.two_factor else None
    if row is not None and row.is_active:
        raise AccountRejected(
            "There is an authenticator app already. Turn it off first.", reason="second_factor"
        )
    session.merge(new)


def _find_step(secret: str, code: str, now: float) -> int | None:
    """Find the time step of a code, in the same time for any."""
    totp, current = pyotp.TOTP(secret), int(now) // STEP_SECONDS
    steps = range(current - _WINDOW, current + _WINDOW + 1)
    given = code.encode("utf-8", "replace")
    fits = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), given)]
    return fits[-1] if fits else None


def _make_codes() -> list[str]:
    def half() -> str:
        return "".join(secrets.choice(_LETTERS) for _ in range(_HALF))

    return [f"{half()}-{half()}" for _ in range(RECOVERY_CODES)]


def _set(session: Session, table: Any, account_id: str, *conditions: Any, **values: Any) -> int:
    is_theirs = col(table.account_id) == account_id
    return _count(session.exec(update(table).where(is_theirs, *conditions).values(values)))


def _count(result: object) -> int:
    return cast("CursorResult[Any]", result).rowcount


def _browsers_of(account_id: str) -> SelectOfScalar[BrowserRow]:
    return select(BrowserRow).where(col(BrowserRow.account_id) == account_id)


def _password_hash(account_id: str, session: Session) -> str:
    row = session.get(AccountRow, account_id)
    return _hash(row.password) if row else ""


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
