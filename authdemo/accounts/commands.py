"""The operator's commands for accounts: `authdemo users`, and what `authdemo doctor` asks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

from sqlmodel import Session, select, text

from authdemo.sessions import Auth

from .administration import Administration
from .database import Database
from .errors import AccountRejected
from .links import Links
from .mail import MailQueue
from .models import VERSION_TABLE, Member
from .search import ListedMember, Page
from .second_factor import SecondFactor


class _Accounts(Protocol):
    # What commands need of `Accounts`, which makes them.
    roles: tuple[str, ...]
    database: Database

    administration: Administration
    links: Links
    mail: MailQueue
    second_factor: SecondFactor

    async def search(
        self, text: str, *, after: str, limit: int, role: str | None, disabled: bool | None
    ) -> Page: ...
    async def get(self, account_id: str) -> Member: ...
    async def register(self, form: dict[str, Any]) -> Member: ...
    async def update(self, account_id: str, **fields: object) -> None: ...
    async def delete(self, account_id: str) -> None: ...


@dataclass(frozen=True, eq=False)
class AccountCommands:
    """Lists, makes, changes and deletes accounts for the operator."""

    accounts: _Accounts
    auth: Auth[Any]

    def __post_init__(self) -> None:
        """Add them to the app's commands."""
        commands = self.auth.commands
        own = (self.list, self.create, self.disable, self.enable, self.role, self.delete)
        for function in own:
            commands.add(f"users.{function.__name__}", function)
        commands.add("users.reset-link", self.reset_link)
        commands.add("users.second-factor-off", self.turn_off_second_factor)
        commands.add("database.check", self.check_database)
        commands.add("mail.check", self.accounts.mail.check)

    async def list(
        self, *, search: str, after: str, limit: int, role: str | None, disabled: bool | None
    ) -> dict[str, Any]:
        """List a page of accounts."""
        page = await self.accounts.search(
            search, after=after, limit=limit, role=role, disabled=disabled
        )
        users: list[ListedMember] = [*page.members]
        return {"users": users, "cursor": page.cursor}

    async def create(self, user: str, name: str, email: str, role: str, password: str) -> Member:
        """Make an account; without a role it has the first."""
        if role and role not in self.accounts.roles:
            known = ", ".join(self.accounts.roles)
            message = f"A role is one of {known}."
            raise AccountRejected(message, field="role", reason="no_such_role")
        form = {"id": user, "name": name, "email": email, "password": password}
        member = await self.accounts.register(form)
        if role:
            await self.accounts.update(member.id, role=role)
        return member.model_copy(update={"role": role or member.role})

    async def disable(self, user: str) -> None:
        """Disable an account; its sessions end at once, and its user gets a mail."""
        await self.accounts.administration.disable(user, by="")

    async def enable(self, user: str) -> None:
        """Enable a disabled account."""
        await self.accounts.update(user, disabled=False)

    async def role(self, user: str, role: str) -> None:
        """Give an account another role; its sessions follow at once."""
        await self.accounts.update(user, role=role)

    async def turn_off_second_factor(self, user: str) -> None:
        """Turn a second factor off, and end the sessions; the user gets a mail."""
        member = await self.accounts.get(user)
        await self.accounts.second_factor.turn_off(member.id)
        await self.auth.revoke_user(member.id)
        await self.accounts.mail.send(member, "two_factor_off")

    async def delete(self, user: str) -> None:
        """Delete an account; its sessions end at once."""
        await self.accounts.delete(user)

    async def reset_link(self, user: str, origin: str, *, mail: bool) -> str:
        """Make a link that resets a password; it is mailed, or returned."""
        origin = self.auth.engine.settings.url or origin
        if not mail:
            return await self.accounts.links.create_reset(user, origin=origin)
        await self.accounts.links.send_reset(user, origin=origin)
        return ""

    async def check_database(self) -> dict[str, Any]:
        """Ask the database for its tables' revision and its time."""
        await self.accounts.database.open()
        began = time.perf_counter()
        found = await self.accounts.database.run(_look)
        return {**found, "seconds": time.perf_counter() - began}


def _look(session: Session) -> dict[str, Any]:
    kind, skew = session.get_bind().dialect.name, None
    if kind == "postgresql":
        now = session.scalar(select(text("extract(epoch from clock_timestamp())")))
        skew = float(now) - time.time()
    revision = session.scalar(select(text("version_num")).select_from(text(VERSION_TABLE)))
    return {"database": kind, "revision": revision, "skew": skew}
