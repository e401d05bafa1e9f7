"""Accounts with a second factor, made beside a running app in its own database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pyotp

from authdemo.accounts import Accounts, Member
from authdemo.accounts.hashes import LOCKED
from authdemo.accounts.models import AccountRow
from authdemo.accounts.second_factor import STEP_SECONDS, SecondFactor
from authdemo.sessions.providers import KeyRing
from tests.accounts.conftest import CHEAP
from tests.support.server import SECRET, Server

T = TypeVar("T")
PASSWORD = "a bird in a gilded cage"
_HOUR = 3600
_numbers = itertools.count(1)


@dataclass
class Owner:
    """An account with a second factor; `code` returns each code of the app once."""

    id: str
    app: pyotp.TOTP
    recovery_codes: list[str]
    work: Callable[[Callable[[Accounts], Coroutine[Any, Any, Any]]], Any]
    _step: int = field(default=0)

    def code(self) -> str:
        """Return a code that the app accepts now: one of three, each newer than the last."""
        current = int(time.time()) // STEP_SECONDS
        self._step = max(self._step + 1, current - 1)
        assert self._step <= current + 1, "all codes of this minute are used"
        return self.app.generate_otp(self._step)

    def recovery_code(self) -> str:
        """Take one of the recovery codes."""
        return self.recovery_codes.pop()


def make_owner(server: Server, account_id: str = "", *, has_factor: bool = True) -> Owner:
    """Register an account, and set an authenticator app up for it an hour ago.

    With an id, it is the account of a user who signs in at a provider.
    """

    data = server.log.parent / "data"

    def work(act: Callable[[Accounts], Coroutine[Any, Any, T]]) -> T:
        own = Accounts(f"sqlite:///{data}/accounts.db", hasher=CHEAP)
        # Playwright has an event loop in the thread of the tests.
        with contextlib.closing(own), ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(act(own))).result()

    name = account_id or f"owner{next(_numbers)}"
    form = {"id": name, "name": name, "email": f"{name}@example.org", "password": PASSWORD}
    before = time.time() - _HOUR

    async def set_up(accounts: Accounts) -> tuple[str, list[str]]:
        if account_id:
            row = AccountRow.of(Member(id=name, name="Owner", email=""), LOCKED)
            await accounts.database.run(lambda session: session.add(row))
        else:
            await accounts.register(form)
            await accounts.update(name, email_verified=True)
        if not has_factor:
            return pyotp.random_base32(), []
        services = accounts.database, accounts.get, accounts.update
        factor = SecondFactor(*services, lambda: KeyRing([SECRET]), lambda: before)
        secret = (await factor.begin(name, issuer="Tests")).secret
        return secret, await factor.confirm(name, pyotp.TOTP(secret).at(before))

    secret, codes = work(set_up)
    return Owner(name, pyotp.TOTP(secret), codes, work)
