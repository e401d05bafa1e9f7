"""The tokens of links in mails: the database has only their hashes, and each is used once."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col

from .models import LinkRow, MailRow

_BYTES = 32


@dataclass(frozen=True)
class LinkKind:
    """A kind of link."""

    name: str
    page: str
    max_age: int
    replaces_older: bool = True
    """Whether a newer link of the account voids older ones."""

    def issue(self, session: Session, account_id: str, data: dict[str, Any], *, now: float) -> str:
        """Create a link of an account, and return its token."""
        if self.replaces_older:
            void(session, account_id, self)
        token = secrets.token_urlsafe(_BYTES)
        row = LinkRow(
            hash=hash_of(token),
            kind=self.name,
            account_id=account_id,
            data=json.dumps(data),
            expires_at=now + self.max_age,
        )
        session.add(row)
        return token


VERIFY = LinkKind("verify", "/verify", 86_400)
CHANGE_EMAIL = LinkKind("change_email", "/verify", 86_400)
RESTORE_EMAIL = LinkKind("restore_email", "/verify", 7 * 86_400, replaces_older=False)
RESET = LinkKind("reset", "/reset", 1800)
SIGN_IN = LinkKind("sign_in", "/sign-in-link", 600)

BEFORE_PASSWORD = (CHANGE_EMAIL, RESET, SIGN_IN)
"""Links that a new password cancels: another person may have requested them in a session."""


def find(session: Session, token: object, *kinds: LinkKind, now: float) -> LinkRow | None:
    """Find the link of a token, if it is of one of these kinds and still valid."""
    if not isinstance(token, str):
        return None
    row = session.get(LinkRow, hash_of(token))
    is_known = row is not None and row.kind in {kind.name for kind in kinds}
    return row if row is not None and is_known and row.expires_at > now else None


def consume(session: Session, token: str) -> bool:
    """Use a link up; False if another request has."""
    used = session.exec(delete(LinkRow).where(col(LinkRow.hash) == hash_of(token)))
    return used.rowcount == 1


def void(session: Session, account_id: str, *kinds: LinkKind) -> None:
    """Void an account's links of these kinds."""
    names = [kind.name for kind in kinds]
    is_own = col(LinkRow.account_id) == account_id, col(LinkRow.kind).in_(names)
    session.exec(delete(LinkRow).where(*is_own))


def cancel(session: Session, account_id: str, *kinds: LinkKind) -> None:
    """Void an account's links of these kinds, also those of mails that still wait.

    The mails come first: a link that is being made for one of them is seen after that.
    """
    names = [kind.name for kind in kinds]
    is_own = col(MailRow.account_id) == account_id, col(MailRow.template).in_(names)
    session.exec(delete(MailRow).where(*is_own))
    void(session, account_id, *kinds)


def sweep(session: Session, *, now: float) -> None:
    """Delete links that have expired."""
    session.exec(delete(LinkRow).where(col(LinkRow.expires_at) <= now))


def hash_of(token: str) -> str:
    """Hash a token: it has 256 random bits, so that no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
