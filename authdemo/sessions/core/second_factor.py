"""The second factor of a sign-in: who needs one, and whether a code is right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from .audit import AuditTrail
from .authentication import CODE, level_of
from .errors import ConfigurationError, CredentialsSignin
from .one_time import Challenge, OneTimeStore
from .rate_limit import SlidingWindow
from .record import Device
from .settings import Rate
from .store import SessionStore
from .utils import Clock

CODE_RATE = Rate(5, 900)
"""How many codes may be wrong, per account, wherever they come from."""

MAX_CODE = 64


class SecondFactor(Protocol):
    """The app's second factors, such as `accounts.second_factor`."""

    async def is_required(self, user_id: str, /) -> bool:
        """Tell whether a user has to enter a code to sign in."""

    async def verify(self, user_id: str, code: str, /) -> bool:
        """Check a code, and use it up."""

    async def remember(self, user_id: str, device: Device, /) -> str:
        """Remember a browser, and return the token for its cookie."""

    async def is_remembered(self, user_id: str, token: str, /) -> bool:
        """Tell whether the user's browser with this token is remembered."""


@dataclass(eq=False)
class SecondFactorService:
    """Asks the app's second factor, under a limit for each account."""

    factor: SecondFactor | None
    store: SessionStore
    trail: AuditTrail
    clock: Clock
    challenges: OneTimeStore[Challenge] = field(init=False)
    _failures: SlidingWindow = field(init=False)

    def __post_init__(self) -> None:
        names = ("is_required", "verify", "remember", "is_remembered")
        if self.factor and not all(callable(getattr(self.factor, name, None)) for name in names):
            raise ConfigurationError(
                "Auth(second_factor=...) takes an object with the methods of SecondFactor, such as "
                "accounts.second_factor."
            )
        self.challenges = OneTimeStore(Challenge, self.store, clock=self.clock)
        self._failures = SlidingWindow(self.store, CODE_RATE, clock=self.clock)

    async def is_missing(
        self, user_id: str, amr: tuple[str, ...], tokens: Iterable[str] = ()
    ) -> bool:
        """Tell whether a sign-in by these methods needs a code, in a browser with these tokens."""
        factor = self.factor
        if factor is None or level_of(amr) > 1 or not await factor.is_required(user_id):
            return False
        for token in tokens:
            if await factor.is_remembered(user_id, token):
                return False
        return True

    async def verify(
        self, user_id: str, code: object, *, device: Device, provider: str = ""
    ) -> tuple[str, ...]:
        """Check a code, and return its methods; audit and count a wrong one."""
        try:
            async with self._failures.attempt("code", user_id):
                is_code = isinstance(code, str) and 0 < len(code) <= MAX_CODE
                if not (is_code and self.factor and await self.factor.verify(user_id, str(code))):
                    raise CredentialsSignin("The code is wrong.", reason="code")
        except CredentialsSignin as error:
            self.trail.add_failure(
                "sign-in-failed", error, device=device, provider=provider, user=user_id
            )
            raise
        return CODE
