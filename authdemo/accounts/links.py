"""What links in mails do: verify or change an address, reset a password, sign in.

Opening a link only looks (`look`): programs that scan mail open links, too. Pressing the page's
button uses it (`follow`, `reset_password`, `authorize`), and only success uses it up.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from authdemo.sessions import Auth, Authenticated
from authdemo.sessions.errors import CredentialsSignin
from authdemo.sessions.providers import Email, SignInRequest

from . import link_tokens
from .database import Database
from .errors import AccountRejected, LinkRejected, MailUnavailable
from .hashes import LOCKED
from .link_tokens import (
    BEFORE_PASSWORD,
    CHANGE_EMAIL,
    RESET,
    RESTORE_EMAIL,
    SIGN_IN,
    VERIFY,
    LinkKind,
)
from .mail import MailQueue
from .models import (
    AccountRow,
    AuthenticatorRow,
    BrowserRow,
    LinkRow,
    MailRow,
    Member,
    PasskeyRow,
    RecoveryCodeRow,
)
from .passwords import checked_password, folded, read_email

logger = logging.getLogger("authdemo.sessions")

PROVIDER = "email"
"""The id of the provider of sign-in links, as in Auth.js."""


FOLLOWED = (VERIFY, CHANGE_EMAIL, RESTORE_EMAIL)
_OTHER_ADDRESS = {CHANGE_EMAIL.name, RESTORE_EMAIL.name}


class SignInLinkRejected(CredentialsSignin):
    """A sign-in link can't be used."""

    message = LinkRejected.message
    reason = "link"


class SignInElsewhere(CredentialsSignin):
    """A sign-in link was requested in another browser: the user must agree to sign in here."""

    message = "This link was requested in another browser."
    reason = "elsewhere"


@dataclass(frozen=True, slots=True)
class Link:
    """What a link that can be used does.

    Attributes:
        kind: `verify`, `change_email`, `restore_email`, `reset` or `sign_in`.
        account_id: The account's id.
        email: The address that it was mailed to.
        data: What else it was made with.
    """

    kind: str
    account_id: str
    email: str
    data: Mapping[str, str]

    @classmethod
    def of(cls, row: LinkRow) -> Link:
        """Read a row."""
        data = json.loads(row.data)
        return cls(row.kind, row.account_id, str(data["email"]), data)

    @property
    def since(self) -> float:
        """When its mail was requested, in seconds since 1970."""
        return float(self.data.get("since", 0))

    def is_from(self, browser: object) -> bool:
        """Whether this browser requested it."""
        return bool(browser) and self.data.get("browser") == browser

    def is_open_to(self, user_id: str) -> bool:
        """Whether this user may follow it; without a session the id is empty."""
        return self.kind == RESTORE_EMAIL.name or self.account_id == user_id


@dataclass(frozen=True, eq=False)
class Links:
    """Sends links, and does what they are for."""

    _database: Database
    _mail: MailQueue
    _hash: Callable[[str], Awaitable[str]]
    _auth: Callable[[], Auth[Any]]
    _: KW_ONLY
    clock: Callable[[], float] = time.time

    def provider(self) -> Email:
        """Make the provider of sign-in links, for `Auth(providers=...)`."""
        return Email(send=self.send_sign_in, authorize=self.authorize, normalize=read_email)

    async def send_verification(self, account_id: str, *, origin: str, language: str = "") -> None:
        """Mail a link that verifies an account's address, also again.

        Args:
            account_id: The account's id.
            origin: The app's origin, such as `auth.origin(self)`.
            language: The reader's language, such as `auth.language(self)`.

        Raises:
            AccountRejected: If there is no such account, or its address is verified.
            AccountsUnavailable: If the database can't be reached.
            MailUnavailable: If `AUTH_URL` has to be set, so that links lead to the app.
        """
        member = await self._member(account_id)
        if member.email_verified:
            raise AccountRejected("This address is verified already.", reason="verified")
        origin = self._safe(origin)
        await self._mail.send(member, "verify", origin=origin, language=language)

    async def send_reset(self, account_id: str, *, origin: str, language: str = "") -> None:
        """Mail a link that resets an account's password; see `send_verification`."""
        member = await self._member(account_id)
        await self._mail.send(member, "reset", origin=self._safe(origin), language=language)

    async def create_reset(self, account_id: str, *, origin: str) -> str:
        """Make a link that resets a password, for an operator to hand over; see `send_reset`.

        The operator, not a request, names the origin.
        """
        member = await self._member(account_id)
        data = {"email": member.email, "origin": origin, "language": "", "handed_over": "yes"}
        token = await self._database.run(
            lambda session: RESET.issue(session, member.id, data, now=self.clock())
        )
        return f"{origin}{RESET.page}?token={token}"

    async def change_email(
        self, account_id: str, email: object, *, origin: str, language: str = ""
    ) -> str:
        """Mail a link to a new address, which the account gets once it is followed.

        Ask for a fresh proof before.

        Returns:
            The new address in its normal form.

        Raises:
            AccountRejected: If the address isn't one, or is the account's own; or there is no
                such account.
            AccountsUnavailable: If the database can't be reached.
            MailUnavailable: If `AUTH_URL` has to be set, so that links lead to the app.
        """
        address, member = read_email(email), await self._member(account_id)
        if address == member.email:
            raise AccountRejected("This is your address already.", field="email", reason="same")
        origin = self._safe(origin)
        await self._mail.send(member, "change_email", to=address, origin=origin, language=language)
        return address

    async def request_reset(self, email: object, *, origin: str, language: str = "") -> None:
        """Mail a link to reset the password of each account with an address, if there are any.

        Limit it before, as by `auth.limit_mail`.

        Raises:
            AccountRejected: If it isn't an address.
            AccountsUnavailable: If the database can't be reached.
            MailUnavailable: If `AUTH_URL` has to be set, so that links lead to the app.
        """
        address, origin = read_email(email), self._safe(origin)
        await self._mail.request("reset", address, origin=origin, language=language)

    async def send_sign_in(self, request: SignInRequest) -> None:
        """Mail a sign-in link, as `Email(send=...)` takes it; see `request_reset`."""
        await self._mail.request(
            "sign_in",
            read_email(request.email),
            origin=self._safe(request.origin),
            language=request.language,
            browser=request.browser,
            callback_url=request.callback_url,
        )

    async def look(self, token: object, *kinds: LinkKind) -> Link:
        """Look at a link, without changing anything.

        Args:
            token: The token of the link.
            *kinds: What it may be for; an address by default.

        Raises:
            LinkRejected: If it can't be used.
            AccountsUnavailable: If the database can't be reached.
        """

        def look(session: Session) -> Link:
            return _look(session, token, kinds or FOLLOWED, now=self.clock())[0]

        return await self._database.run(look)

    async def follow(self, token: object, user_id: str = "") -> Link:
        """Verify, change or restore an address; the sessions of the user follow at once.

        Only the account's own user verifies or changes one: another person may have registered
        the account with the address, to wait in it for the owner of the address. To restore one
        needs no session. It ends all sessions, locks the password until a reset, and removes the
        passkeys and the authenticator app that are newer than the request to change the address.

        Args:
            token: The token of the link.
            user_id: The user of the browser's session, but not if an administrator acts as them.

        Raises:
            LinkRejected: If it can't be used.
            AccountRejected: If it needs the session of the account's user.
            AccountsUnavailable: If the database can't be reached.
            StoreUnavailable: If the sessions can't be reached.
        """
        link = await self.look(token)
        if not link.is_open_to(user_id):
            message = f"Log in as {link.account_id} in this browser first."
            raise AccountRejected(message, reason="session", values={"id": link.account_id})
        if link.kind == RESTORE_EMAIL.name:
            await self._auth().revoke_user(link.account_id)  # if it fails, nothing has changed
        link, before, after, undo = await self._database.run(
            lambda session: _follow(session, token, now=self.clock())
        )
        if link.kind == RESTORE_EMAIL.name:
            await self._auth().revoke_user(link.account_id)
        else:
            await self._auth().refresh(link.account_id)
        if link.kind == CHANGE_EMAIL.name:
            origin, language = link.data["origin"], link.data["language"]
            await self._mail.send(before, "restore_email", origin=origin, language=language, **undo)
            await self._mail.send(after, "email_changed", language=language)
        return link

    async def reset_password(
        self, token: object, password: object, *, keep_passkeys: bool = False
    ) -> Link:
        """Set a new password, and end all sessions and pending sign-ins of the account.

        Its passkeys are removed, since another person may have added one. An authenticator app
        stays, or who can read the mails could turn it off.

        Raises:
            LinkRejected: If the link can't be used.
            AccountRejected: If it can't be a password; the link stays valid.
            AccountsUnavailable: If the database can't be reached.
            StoreUnavailable: If the sessions can't be reached.
        """
        link = await self.look(token, RESET)
        hashed = await self._hash(checked_password(password, link.account_id))
        await self._auth().revoke_user(link.account_id)  # if it fails, nothing has changed
        member = await self._database.run(
            lambda session: _reset(
                session, token, hashed, keep_passkeys=keep_passkeys, now=self.clock()
            )
        )
        await self._auth().revoke_user(member.id)  # who signed in meanwhile, with the old password
        await self._mail.send(member, "password_changed", language=link.data["language"])
        return link

    async def claim(self, token: object) -> None:
        """Prepare the sign-in by a link: it proves that the account's address is the visitor's.

        Until then another person may have registered the account, to wait in it for the owner of
        the address. So its password, passkeys and sessions end.

        Raises:
            LinkRejected: If it can't be used.
            AccountsUnavailable: If the database can't be reached.
            StoreUnavailable: If the sessions can't be reached.
        """

        def find(session: Session) -> str:
            _, account = _look(session, token, (SIGN_IN,), now=self.clock())
            return account.id if account.is_unclaimed else ""

        if account_id := await self._database.run(find):
            await self._auth().revoke_user(account_id)  # if it fails, nothing has changed
            await self._database.run(lambda session: _claim(session, token, now=self.clock()))
            await self._auth().revoke_user(account_id)

    async def authorize(self, credentials: Mapping[str, Any]) -> Authenticated:
        """Sign in by a link, as `Email(authorize=...)` takes it; `claim` it before.

        Args:
            credentials: The `token`; the `browser`, which the sessions add; and `confirmed` with
                the value `yes`, if the user agreed to sign in in another browser.

        Raises:
            SignInLinkRejected: If it can't be used.
            SignInElsewhere: If the user has to agree first.
        """
        token = credentials.get("token")
        try:
            link = await self.look(token, SIGN_IN)
            if not (link.is_from(credentials.get("browser")) or credentials.get("confirmed")):
                raise SignInElsewhere
            member = await self._database.run(
                lambda session: _sign_in(session, token, now=self.clock())
            )
        except LinkRejected as error:
            raise SignInLinkRejected from error
        return Authenticated(member, ())

    async def _member(self, account_id: str) -> Member:
        return await self._database.run(lambda session: _find(session, account_id).member())

    def _safe(self, origin: str) -> str:
        if self._mail.leads_to_app(origin):
            return origin
        logger.error("Links in mails need AUTH_URL: the host of %r may be forged.", origin)
        raise MailUnavailable


def _find(session: Session, account_id: str) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise AccountRejected("This account doesn't exist.", reason="unknown")
    return row


def _look(
    session: Session, token: object, kinds: Iterable[LinkKind], *, now: float
) -> tuple[Link, AccountRow]:
    row = link_tokens.find(session, token, *kinds, now=now)
    account = session.get(AccountRow, row.account_id) if row else None
    if row is None or account is None or account.disabled:
        raise LinkRejected
    link = Link.of(row)
    if link.email != account.email and link.kind not in _OTHER_ADDRESS:
        raise LinkRejected
    return link, account


def _use(session: Session, token: object, *kinds: LinkKind, now: float) -> tuple[Link, AccountRow]:
    """Use a link up, in the transaction that does what it is for."""
    found = _look(session, token, kinds, now=now)
    if not link_tokens.consume(session, str(token)):
        raise LinkRejected
    return found


def _follow(
    session: Session, token: object, *, now: float
) -> tuple[Link, Member, Member, dict[str, str]]:
    """Follow a link, and return what the account was, what it is, and what undoes that."""
    link, account = _use(session, token, *FOLLOWED, now=now)
    before, undo = account.member(), {"since": repr(link.since)}
    if account.is_unclaimed and link.kind == CHANGE_EMAIL.name:
        undo["unclaimed"] = "yes"
    account.email, account.email_folded = link.email, folded(link.email)
    account.email_verified, account.is_unclaimed = True, False
    if link.kind in _OTHER_ADDRESS:
        link_tokens.cancel(session, account.id, VERIFY, *BEFORE_PASSWORD)
    if link.kind == RESTORE_EMAIL.name:
        _undo(session, link, account)
    return link, before, account.member(), undo


def _reset(
    session: Session, token: object, hashed: str, *, keep_passkeys: bool, now: float
) -> Member:
    link, account = _use(session, token, RESET, now=now)
    if "handed_over" not in link.data:  # by an operator, which proves no address
        _take_over(session, account)
    if not keep_passkeys:
        session.exec(delete(PasskeyRow).where(col(PasskeyRow.account_id) == account.id))
    account.password = hashed
    link_tokens.cancel(session, account.id, *BEFORE_PASSWORD)
    return account.member()


def _undo(session: Session, link: Link, account: AccountRow) -> None:
    """Drop what another person may have set up, whose mails went to the later address.

    That is the password, the ways to sign in that were added since, and the links to addresses
    that the account had later. All of it, if the address had not been proved before it changed.
    """
    account.is_unclaimed = "unclaimed" in link.data
    _take_over(session, account)
    account.password = LOCKED
    _remove_factors(session, account, since=link.since)
    waiting = col(MailRow.account_id) == link.account_id, col(MailRow.template) == link.kind
    session.exec(delete(MailRow).where(*waiting, col(MailRow.created_at) > link.since))
    own = col(LinkRow.account_id) == link.account_id, col(LinkRow.kind) == link.kind
    for row in session.exec(select(LinkRow).where(*own)):
        if Link.of(row).since > link.since:
            session.delete(row)


def _claim(session: Session, token: object, *, now: float) -> None:
    _, account = _look(session, token, (SIGN_IN,), now=now)
    _take_over(session, account)


def _sign_in(session: Session, token: object, *, now: float) -> Member:
    _, account = _use(session, token, SIGN_IN, now=now)
    if account.is_unclaimed:
        raise LinkRejected
    account.email_verified = True
    return account.member()


def _take_over(session: Session, account: AccountRow) -> None:
    """Drop the ways to sign in that another person may have set up, who registered the address."""
    if account.is_unclaimed:
        account.password = LOCKED
        _remove_factors(session, account)
        link_tokens.cancel(session, account.id, CHANGE_EMAIL)
    account.email_verified, account.is_unclaimed = True, False


def _remove_factors(session: Session, account: AccountRow, *, since: float = -1) -> None:
    """Remove the passkeys and the authenticator app that are newer than a time."""

    def remove(table: type[PasskeyRow | AuthenticatorRow]) -> int:
        is_newer = col(table.account_id) == account.id, col(table.created_at) > since
        return session.exec(delete(table).where(*is_newer)).rowcount

    remove(PasskeyRow)
    if remove(AuthenticatorRow):
        account.two_factor = False
        for codes in (RecoveryCodeRow, BrowserRow):
            session.exec(delete(codes).where(col(codes.account_id) == account.id))
