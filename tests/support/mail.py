"""A mail server on this machine, and what its mails say."""

from __future__ import annotations

import contextlib
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_binary_file, message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from authdemo.testing import free_port, wait_until

LINK = re.compile(r"https?://\S+")


def text_of(mail: EmailMessage) -> str:
    """Read the plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def link_in(mail: EmailMessage) -> str:
    """Find the one link of a mail."""
    (link,) = LINK.findall(text_of(mail))
    return str(link)


def token_in(mail: EmailMessage) -> str:
    """Find the token of a mail's link."""
    return link_in(mail).partition("?token=")[2]


@dataclass(frozen=True)
class OutboxReader:
    """Reads the mails that an app has written to a folder."""

    folder: Path

    def mails(self, to: str = "", subject: str = "") -> list[EmailMessage]:
        """List the mails, the oldest first."""
        mails = []
        for path in sorted(self.folder.glob("*.eml")):
            with path.open("rb") as file:
                mails.append(message_from_binary_file(file, policy=default))
        wanted = (str(mail["To"]) == to for mail in mails)
        found = [mail for mail, is_wanted in zip(mails, wanted, strict=True) if is_wanted or not to]
        return [mail for mail in found if subject in str(mail["Subject"])]

    def wait_for(self, to: str, subject: str = "", *, count: int = 1) -> EmailMessage:
        """Wait for a mail, and return the newest."""
        wait_until(lambda: len(self.mails(to, subject)) >= count)
        return self.mails(to, subject)[-1]


@dataclass
class MailServer:
    """What an SMTP server received; `answer` rejects what comes."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    answer: str = ""
    is_encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if self.answer.startswith("RCPT "):
            return self.answer.removeprefix("RCPT ")
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        self.recipients.extend(envelope.rcpt_tos)
        self.is_encrypted.append(session.ssl is not None)
        return "250 OK"

    @contextlib.contextmanager
    def running(self, **options: Any) -> Iterator[MailServer]:
        """Listen on loopback."""
        controller = Controller(self, hostname="127.0.0.1", port=self.port, **options)
        controller.start()
        try:
            yield self
        finally:
            controller.stop()


def one_login(user: str, password: str) -> Any:
    """Accept one user's password only."""

    def authenticate(*call: Any) -> Any:
        data = call[-1]
        is_right = (data.login.decode(), data.password.decode()) == (user, password)
        return AuthResult(success=is_right, handled=False)

    return authenticate


def server_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Serve TLS with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
