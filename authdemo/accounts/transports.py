"""What carries mail: an SMTP server, or a folder where there is none."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formataddr, parseaddr
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from authdemo.sessions import ConfigurationError

from .errors import MailRejected, MailUnavailable

logger = logging.getLogger("authdemo.sessions")

FOLDER = "outbox"
DEFAULT_SENDER = "authdemo <no-reply@localhost>"
TIMEOUT = 10
"""Seconds that a mail server may take for one answer."""

_PORTS = {"smtp": 587, "smtps": 465}  # RFC 8314, section 3
_PERMANENT = 500


class Transport(Protocol):
    """Carries mail; `Accounts(mail=...)` takes an app's own."""

    async def send(self, message: EmailMessage) -> None:
        """Send one mail.

        Raises:
            MailRejected: If it can never be sent; it is dropped.
            MailUnavailable: If it may be sent later; it stays in the queue.
        """


@dataclass(eq=False)
class Outbox:
    """Writes each mail as a file that only its owner can read."""

    folder: Path
    _is_noted: bool = field(default=False, init=False)

    async def send(self, message: EmailMessage) -> None:
        """Write one mail."""
        if not self._is_noted:
            logger.info("AUTH_SMTP_URL is not set. Mails are written to %s.", self.folder)
            self._is_noted = True
        try:
            await asyncio.to_thread(self._write, message.as_bytes(policy=SMTP))
        except OSError as error:
            raise MailUnavailable(f"The outbox can't be written: {error}.") from error

    def _write(self, mail: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{time.time_ns()}-{secrets.token_hex(4)}"
        draft = self.folder / f".{name}"
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(mail)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self.folder / f"{name}.eml")


@dataclass(frozen=True)
class Smtp:
    """Sends mail to a server, encrypted unless the server is on this machine."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    is_tls: bool = False
    """Whether the connection begins with TLS; else it is STARTTLS's."""
    context: ssl.SSLContext | None = None

    async def send(self, message: EmailMessage) -> None:
        """Send one mail over a connection of its own."""
        with _translated():
            async with self._client() as client:
                await client.send_message(message)

    async def check(self) -> None:
        """Connect, greet the server and log in, but send nothing."""
        with _translated():
            async with self._client() as client:
                await client.ehlo()

    def _client(self) -> aiosmtplib.SMTP:
        needs_tls = None if is_loopback(self.host) else True
        return aiosmtplib.SMTP(
            hostname=self.host,
            port=self.port,
            username=self.username,
            password=self.password,
            use_tls=self.is_tls,
            start_tls=None if self.is_tls else needs_tls,
            tls_context=self.context,
            timeout=TIMEOUT,
        )


@contextmanager
def _translated() -> Iterator[None]:
    """Tell what can't be sent from what can't be sent now (RFC 5321, section 4.2.1)."""
    try:
        yield
    except (aiosmtplib.SMTPException, OSError) as error:
        if any(map(_is_permanent, _refusals(error))):
            raise MailRejected(f"The mail server rejects the mail: {_said(error)}") from error
        raise MailUnavailable(f"The mail server can't be reached: {_said(error)}") from error


def _refusals(error: Exception) -> list[Exception]:
    return [*error.recipients] if isinstance(error, aiosmtplib.SMTPRecipientsRefused) else [error]


def _is_permanent(error: Exception) -> bool:
    """Whether the mail is to blame: not the sender, the login or the connection."""
    if isinstance(error, aiosmtplib.SMTPRecipientRefused | aiosmtplib.SMTPDataError):
        return error.code >= _PERMANENT
    return isinstance(error, aiosmtplib.SMTPNotSupported)


def _said(error: Exception) -> str:
    """Write an error in one line, without the recipient."""
    first = _refusals(error)[0]
    code = getattr(first, "code", None)
    return f"{type(first).__name__}" + (f", code {code}." if code else ".")


def read_transport(data_dir: Path, environ: Mapping[str, str] = os.environ) -> Transport:
    """Read `AUTH_SMTP_URL`; without it mail goes to the outbox."""
    value = environ.get("AUTH_SMTP_URL")
    if not value:
        return Outbox(data_dir / FOLDER)
    with suppress(ValueError):  # of the port
        url = urlsplit(value)
        if _is_smtp(url) and url.hostname and url.port != 0:
            return Smtp(
                url.hostname,
                url.port or _PORTS[url.scheme],
                username=unquote(url.username) if url.username else None,
                password=unquote(url.password or "") if url.username else None,
                is_tls=url.scheme == "smtps",
            )
    raise ConfigurationError(
        "AUTH_SMTP_URL takes a URL like smtp://user:password@mail.example.org:587 "
        "or smtps://user:password@mail.example.org."
    )


def _is_smtp(url: SplitResult) -> bool:
    is_bare = url.path in ("", "/") and not url.query and not url.fragment
    return url.scheme in _PORTS and is_bare


def read_sender(environ: Mapping[str, str] = os.environ) -> str:
    """Read `AUTH_MAIL_FROM`, as a header holds it."""
    value = environ.get("AUTH_MAIL_FROM") or ""
    takes = 'AUTH_MAIL_FROM takes the sender, like "Example <no-reply@example.org>"'
    if not value:
        if environ.get("AUTH_SMTP_URL"):
            raise ConfigurationError(f"{takes}, since AUTH_SMTP_URL is set.")
        return DEFAULT_SENDER
    name, address = parseaddr(value)
    try:
        validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ConfigurationError(f"{takes}; it is {value!r}.") from None
    if not value.isprintable() or value.count("@") != 1:
        raise ConfigurationError(f"{takes}; it is {value!r}.")
    return formataddr((name, address)) if name else address


def is_loopback(host: str | None) -> bool:
    """Whether a host is this machine."""
    with suppress(ValueError):
        return ip_address(host or "").is_loopback
    return f".{host}".endswith(".localhost")
