"""What administrators do with accounts; there is always one who can."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from .errors import AccountRejected
from .mail import MailQueue
from .models import AccountRow, Member
from .passwords import folded

ROLE = "admin"
"""The role of administrators."""


@dataclass(frozen=True, eq=False)
class Administration:
    """Changes accounts on behalf of an administrator, and informs their users."""

    find: Callable[[str], Awaitable[Member]]
    update: Callable[..., Awaitable[None]]
    mail: MailQueue

    async def disable(self, account_id: str, *, by: str) -> None:
        """Disable an account; its sessions, pending sign-ins and links end at once.

        `accounts.update(account_id, disabled=False)` enables it again.

        Args:
            account_id: The account's id.
            by: The administrator's own id: no one disables themselves by accident.

        Raises:
            AccountRejected: If it is the administrator's own, the last administrator's, or unknown.
            AccountsUnavailable: If the database can't keep it.
            StoreUnavailable: If the account is disabled, but some sessions have not ended: try
                again.
        """
        if folded(account_id) == folded(by):
            raise AccountRejected("You can't disable yourself.", reason="yourself")
        member = await self.find(account_id)
        await self.update(member.id, disabled=True)
        await self.mail.send(member, "account_disabled")

    async def change_role(self, account_id: str, role: str, *, by: str) -> None:
        """Give an account another role; every session of its user follows at once.

        Args:
            account_id: The account's id.
            role: The role.
            by: The administrator's own id: no one gives up their own role by one click.

        Raises:
            AccountRejected: If it is the administrator's own, the last administrator's, or unknown,
                or there is no such role.
            AccountsUnavailable: If the database can't keep it.
            StoreUnavailable: If some sessions couldn't follow: try again.
        """
        if folded(account_id) == folded(by):
            raise AccountRejected("You can't change your own role.", reason="own_role")
        await self.update(account_id, role=role)


def keep_administrator(row: AccountRow, fields: Mapping[str, Any], session: Session) -> None:
    """Reject a change that leaves no administrator.

    Changes of two administrators at once follow one another, since the first locks both rows.
    """
    is_one = row.role == ROLE and not row.disabled
    if not is_one or (fields.get("role", ROLE) == ROLE and not fields.get("disabled")):
        return
    active = update(AccountRow).where(col(AccountRow.role) == ROLE, ~col(AccountRow.disabled))
    options = {"synchronize_session": False}
    locked = session.exec(active.values(role=ROLE), execution_options=options)
    if locked.rowcount <= 1:
        raise AccountRejected(
            "The last administrator can't be disabled, deleted or given another role.",
            reason="last_administrator",
        )
