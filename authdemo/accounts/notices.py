"""Mails to users about what happens to their accounts, as the audit trail records it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_address, ip_network

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from authdemo.sessions import AuditEvent, Device

from .database import Database
from .errors import AccountsUnavailable
from .mail import MailQueue, Template
from .models import AccountRow, DeviceRow, Member

MEMORY = 180 * 86_400
"""Seconds after which a device that isn't used is new again."""

_TEMPLATES: Mapping[str, Template] = {
    "impersonated": "impersonated",
    "second-factor-off": "two_factor_off",
    "second-factor-on": "two_factor_on",
}
_PROGRAMS = ("bearer", "impersonation")


@dataclass(frozen=True, eq=False)
class Notices:
    """Mails users about new devices, second factors and administrators who act as them."""

    _database: Database
    _mail: MailQueue
    _find: Callable[[str], Awaitable[Member | None]]

    async def follow(self, event: AuditEvent) -> None:
        """Mail the user of an event, if it concerns them: for `Events(audit=...)`.

        A device is new if its kind of browser and system, or its part of the network, is. The first
        one of an account is not worth a mail.
        """
        template, values = _TEMPLATES.get(event.kind), {"reason": event.detail}
        with suppress(AccountsUnavailable):
            if event.kind == "sign-in" and event.provider not in _PROGRAMS:
                device = Device(user_agent=event.user_agent).name or "?"
                place = part_of_network(event.ip)
                is_new = await self._is_new(event.user, f"{device} {place}", event.at)
                template = "new_device" if is_new else None
                at = datetime.fromtimestamp(event.at, UTC)
                values = {"device": device, "ip": event.ip, "time": f"{at:%Y-%m-%d %H:%M} UTC"}
            member = await self._find(event.user) if template else None
            if member and template:
                await self._mail.send(member, template, **values)

    async def _is_new(self, account_id: str, fingerprint: str, now: float) -> bool:
        with suppress(IntegrityError):  # it signs in twice at once
            return await self._database.run(partial(_note, account_id, fingerprint, now))
        return False


def _note(account_id: str, fingerprint: str, now: float, session: Session) -> bool:
    """Note a sign-in, and tell whether the account has other devices, and not this one."""
    if session.get(AccountRow, account_id) is None:
        return False
    own = col(DeviceRow.account_id) == account_id
    session.exec(delete(DeviceRow).where(own, col(DeviceRow.seen_at) < now - MEMORY))
    known = session.exec(select(DeviceRow.fingerprint).where(own)).all()
    session.merge(DeviceRow(account_id=account_id, fingerprint=fingerprint, seen_at=now))
    return bool(known) and fingerprint not in known


def part_of_network(address: str) -> str:
    """Find the part of the network that an address is in: phones change the rest of it."""
    try:
        bits = 16 if ip_address(address).version == 4 else 48  # noqa: PLR2004
        return str(ip_network(f"{address}/{bits}", strict=False))
    except ValueError:
        return ""
