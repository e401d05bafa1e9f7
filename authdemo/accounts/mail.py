"""The queue of mails: kept in the database until they are sent, so that nothing waits for them."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from email.message import EmailMessage
from functools import partial
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from sqlalchemy import delete, func, update
from sqlmodel import Session, col, select

from authdemo.sessions import Auth

from . import link_tokens
from .database import Database
from .errors import AccountsUnavailable, MailRejected, MailUnavailable
from .letters import write_letter
from .link_tokens import CHANGE_EMAIL, RESET, RESTORE_EMAIL, SIGN_IN, VERIFY, LinkKind
from .models import AccountRow, MailRow, Member
from .passwords import folded
from .transports import Outbox, Smtp, Transport, is_loopback

_random = secrets.SystemRandom()
logger = logging.getLogger("authdemo.sessions")

Template: TypeAlias = Literal[
    "account_disabled",
    "change_email",
    "email_changed",
    "impersonated",
    "new_device",
    "passkey_added",
    "passkey_cloned",
    "passkey_removed",
    "password_changed",
    "reset",
    "restore_email",
    "sign_in",
    "two_factor_off",
    "two_factor_on",
    "verify",
]

LINKS: Mapping[str, LinkKind] = {
    kind.name: kind for kind in (VERIFY, CHANGE_EMAIL, RESTORE_EMAIL, RESET, SIGN_IN)
}
"""The templates with a link, which is made when the mail is sent: the queue holds no token."""

MAX_QUEUED = 10_000
MAX_AGE = 3 * 86_400
"""Seconds after which a mail that can't be sent is given up."""

_MAX_ACCOUNTS = 5
"""How many accounts of one address get a mail."""

_MAX_DELAY = 1
_BATCH = 16
_CONCURRENT = 4
_SEND_TIMEOUT = 45
_LEASE = 90
_IDLE = 30
_FIRST_RETRY, _LAST_RETRY = 5, 1800


@dataclass(eq=False)
class MailQueue:
    """Queues mails, and sends them in the background; several workers share the queue."""

    _database: Database
    _transport: Transport
    _sender: str
    _auth: Callable[[], Auth[Any]]
    _: KW_ONLY
    clock: Callable[[], float] = time.time
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _is_failing: bool = field(default=False, init=False)

    async def send(
        self,
        member: Member,
        template: Template,
        *,
        to: str = "",
        origin: str = "",
        language: str = "",
        **values: str,
    ) -> None:
        """Queue a mail to a user. It never waits for the mail server, and never fails.

        Args:
            member: The user.
            template: What to write.
            to: The address, if it isn't the user's present one.
            origin: The app's origin, for templates with a link.
            language: The reader's language, which the account keeps; by default the one that it
                has kept.
            **values: What goes into the template's placeholders.
        """
        if not (to or member.email):
            return
        row = MailRow(
            template=template,
            account_id=member.id,
            address=to or member.email or "",
            origin=origin,
            language=language,
            data=json.dumps({**values, "id": member.id}),
        )
        try:
            await self._add(row)
        except AccountsUnavailable:
            logger.error("A mail (%s) is lost: the accounts can't be reached.", template)  # noqa: TRY400

    async def request(
        self, template: Template, address: str, *, origin: str, language: str = "", **data: str
    ) -> None:
        """Queue a mail to the accounts that have an address, if there are any.

        Whether there are is looked up when the mail is sent, so that no response tells, and none
        takes longer. That begins after a random time: a request that comes right after this one
        must not be slowed down by what it starts.

        Raises:
            AccountsUnavailable: If the database can't keep it.
        """
        row = MailRow(
            template=template,
            address=address,
            origin=origin,
            language=language,
            data=json.dumps(data),
        )
        await self._add(row, delay=_random.uniform(0, _MAX_DELAY))

    async def is_delayed(self) -> bool:
        """Whether mails wait because the mail server can't be reached."""
        query = select(func.count()).where(col(MailRow.attempts) > 0)
        return bool(await self._database.run(lambda session: session.exec(query).one()))

    async def run(self) -> None:
        """Send mails until it is cancelled; the app's lifespan runs it."""
        while True:
            self._wake.clear()
            wait = await self.send_due()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    def leads_to_app(self, origin: str) -> bool:
        """Whether a mail may have a link to an origin: a `Host` header is what the client sends.

        It must be `AUTH_URL`. Without one, loopback is good for mails that are only written here.
        """
        is_here = isinstance(self._transport, Outbox) and is_loopback(urlsplit(origin).hostname)
        return is_here or origin == self._auth().engine.settings.url

    async def check(self) -> dict[str, Any]:
        """Reach the mail server without sending anything; return what carries mail.

        Raises:
            MailUnavailable: If it can't be reached.
        """
        began = time.perf_counter()
        facts: dict[str, Any] = {"has_url": self._auth().engine.settings.url is not None}
        match self._transport:
            case Outbox(folder=folder):
                return {**facts, "transport": "outbox", "place": str(folder)}
            case Smtp(host=host, port=port) as smtp:
                await smtp.check()
                facts["seconds"] = time.perf_counter() - began
                return {**facts, "transport": "smtp", "place": f"{host}:{port}"}
        return {**facts, "transport": "app"}

    async def _add(self, row: MailRow, *, delay: float = 0) -> None:
        row.created_at = self.clock()
        row.due_at = row.created_at + delay
        if not await self._database.run(partial(_insert, row)):
            logger.error("A mail (%s) is lost: %d others wait already.", row.template, MAX_QUEUED)
        self._wake.set()

    async def send_due(self) -> float:
        """Send a batch of mails, and return the seconds until the next one."""
        try:
            claimed = await self._database.run(partial(_claim, self.clock()))
            gate = asyncio.Semaphore(_CONCURRENT)
            await asyncio.gather(*(self._deliver(row, gate) for row in claimed))
            if claimed:
                return 0
            due_at = await self._database.run(partial(_tidy, self.clock()))
        except AccountsUnavailable:
            return _IDLE
        return _IDLE if due_at is None else min(max(due_at - self.clock(), 0), _IDLE)

    async def _deliver(self, row: MailRow, gate: asyncio.Semaphore) -> None:
        async with gate:
            now = self.clock()
            prepared = await self._database.run(partial(_prepare, row, now=now))
            if prepared is None:
                return
            language, token = prepared
            try:
                await self._send(self._letter(row, language, token))
            except MailUnavailable as error:
                await self._postpone(row, error)
                return
            except MailRejected as error:
                logger.error("A mail (%s) is dropped. %s", row.template, error)  # noqa: TRY400
            else:
                self._note_success()
            await self._database.run(partial(_delete, row))

    async def _send(self, letter: EmailMessage) -> None:
        try:
            async with asyncio.timeout(_SEND_TIMEOUT):
                await self._transport.send(letter)
        except (MailRejected, MailUnavailable):
            raise
        except TimeoutError as error:
            raise MailUnavailable("The mail server takes too long.") from error
        except Exception as error:
            logger.exception("The app's mail transport failed.")
            raise MailUnavailable("The app's mail transport failed.") from error

    def _letter(self, row: MailRow, language: str, token: str) -> EmailMessage:
        url = f"{row.origin}{LINKS[row.template].page}?token={token}" if token else ""
        return write_letter(
            row.template,
            self._auth().texts(language),
            json.loads(row.data),
            sender=self._sender,
            to=row.address,
            language=language,
            url=url,
        )

    async def _postpone(self, row: MailRow, error: MailUnavailable) -> None:
        now = self.clock()
        if now > row.created_at + MAX_AGE:
            logger.error("A mail (%s) is given up. %s", row.template, error)
            await self._database.run(partial(_delete, row))
            return
        if not self._is_failing:
            logger.error("Mails wait in the queue. %s", error)
        self._is_failing = True
        wait = min(_FIRST_RETRY * 2**row.attempts, _LAST_RETRY)
        await self._database.run(partial(_postpone, row, due_at=now + wait))

    def _note_success(self) -> None:
        if self._is_failing:
            logger.info("Mails can be sent again.")
        self._is_failing = False


def _insert(row: MailRow, session: Session) -> bool:
    if session.exec(select(func.count()).select_from(MailRow)).one() >= MAX_QUEUED:
        return False
    session.add(row)
    if row.account_id and row.language:
        reader = update(AccountRow).where(col(AccountRow.id) == row.account_id)
        session.exec(reader.values(language=row.language))
    return True


def _claim(now: float, session: Session) -> Sequence[MailRow]:
    """Take a batch that is due; other workers leave it alone until the lease ends."""
    query = select(MailRow).where(col(MailRow.due_at) <= now).order_by(col(MailRow.due_at))
    due = session.exec(query.limit(_BATCH)).all()
    session.expunge_all()
    lease = update(MailRow).values(due_at=now + _LEASE)
    mine = lease.execution_options(synchronize_session=False)
    is_same = [(col(MailRow.id) == row.id, col(MailRow.due_at) == row.due_at) for row in due]
    claims = [session.exec(mine.where(*same)).rowcount for same in is_same]
    return [row for row, count in zip(due, claims, strict=True) if count]


def _prepare(row: MailRow, session: Session, *, now: float) -> tuple[str, str] | None:
    """Choose the language and make the link; None if there is nothing to send."""
    if not row.account_id:
        _expand(row, session, now=now)
        return None
    if session.get(MailRow, row.id, with_for_update=True) is None:  # it was cancelled
        return None
    account, kind = session.get(AccountRow, row.account_id), LINKS.get(row.template)
    if account is not None and account.created_at > row.created_at:
        account = None  # a newer one with the id of one that was deleted
    language = row.language or (account.language if account else "") or "en"
    if kind is None:
        return language, ""
    if account is None or account.disabled:
        _delete(row, session)
        return None
    facts = {"email": row.address, "origin": row.origin, "language": language}
    data = {"since": repr(row.created_at), **json.loads(row.data), **facts}
    return language, kind.issue(session, account.id, data, now=now)


def _expand(row: MailRow, session: Session, *, now: float) -> None:
    """Replace a request by a mail to each account with the address; verified ones come first."""
    has_address = col(AccountRow.email_folded) == folded(row.address), ~col(AccountRow.disabled)
    order = col(AccountRow.email_verified).desc(), col(AccountRow.created_at)
    for account in session.exec(
        select(AccountRow).where(*has_address).order_by(*order).limit(_MAX_ACCOUNTS)
    ):
        mail = MailRow(
            template=row.template,
            account_id=account.id,
            address=account.email,  # never what was typed: two spellings may be two mailboxes
            origin=row.origin,
            language=row.language,
            data=json.dumps({**json.loads(row.data), "id": account.id}),
            created_at=row.created_at,
            due_at=now,
        )
        session.add(mail)
    _delete(row, session)


def _tidy(now: float, session: Session) -> float | None:
    """Delete links that have expired, and find when the next mail is due."""
    link_tokens.sweep(session, now=now)
    return session.exec(select(func.min(MailRow.due_at))).one()


def _postpone(row: MailRow, session: Session, *, due_at: float) -> None:
    attempts = {"attempts": row.attempts + 1, "due_at": due_at}
    session.exec(update(MailRow).where(col(MailRow.id) == row.id).values(attempts))


def _delete(row: MailRow, session: Session) -> None:
    session.exec(delete(MailRow).where(col(MailRow.id) == row.id))
