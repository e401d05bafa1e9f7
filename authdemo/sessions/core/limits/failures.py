"""How often something may fail, so that nobody tries passwords without end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from ..basics.clock import Clock, system_clock
from ..config.settings import ADDRESS_FACTOR, Rate
from ..errors import CredentialsSignin
from ..store import SessionStore
from .attempts import Attempts
from .networks import network


class FailureLimit:
    """Limits failed sign-ins, however many are tried at one moment and on however many workers.

    An account is limited for each address apart, so that a stranger can't lock its
    owner out; and each address is limited, so that it can't try one account after the other.
    """

    def __init__(self, store: SessionStore, rate: Rate, *, clock: Clock = system_clock) -> None:
        """Make a limit.

        Args:
            store: Where attempts are counted.
            rate: How many failures, in what time, per account and address.
            clock: The clock.
        """
        self._most = rate.count
        self._attempts = Attempts(store, rate.seconds, clock=clock)

    @asynccontextmanager
    async def attempt(self, account: str, address: str) -> AsyncIterator[None]:
        """Let an attempt in, and count it if it raises `CredentialsSignin`.

        Args:
            account: The account.
            address: Where the attempt comes from.

        Raises:
            TooManyAttempts: If either has failed too often; says when to come back.
            StoreUnavailable: If nobody can say.
        """
        here = network(address)
        async with (
            self._attempts.one(self._most, account, here, is_failure=_is_wrong),
            self._attempts.one(self._most * ADDRESS_FACTOR, here, is_failure=_is_wrong),
        ):
            yield


class AddressLimit:
    """Limits what is done from each address in a sliding window that all workers share."""

    def __init__(
        self, store: SessionStore, rate: Rate, name: str, *, clock: Clock = system_clock
    ) -> None:
        """Make a limit.

        Args:
            store: Where it is counted.
            rate: How often, in what time, per address.
            name: What is limited.
            clock: The clock.
        """
        self._most = rate.count
        self._name = name
        self._attempts = Attempts(store, rate.seconds, clock=clock)

    async def take(self, address: str) -> int:
        """Count one more from an address, unless there were too many.

        Args:
            address: The address.

        Returns:
            0 if it was let in, or else the seconds until one will be.

        Raises:
            StoreUnavailable: If nobody can say.
        """
        return await self._attempts.count(self._most, self._name, network(address))

    def attempt(
        self, address: str, *, is_failure: Callable[[Exception], bool]
    ) -> AbstractAsyncContextManager[None]:
        """Let an attempt in, and count it if it fails.

        Args:
            address: The address.
            is_failure: Tells whether what it raises counts.

        Returns:
            What the attempt is made in.

        Raises:
            TooManyAttempts: If too many failed from there; says when to come back.
            StoreUnavailable: If nobody can say.
        """
        return self._attempts.one(self._most, self._name, network(address), is_failure=is_failure)


def _is_wrong(error: Exception) -> bool:
    return isinstance(error, CredentialsSignin)
