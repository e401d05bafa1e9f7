"""Rate limits: failed sign-ins, requests, and sign-ins at the same time."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import KW_ONLY, dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from .errors import CredentialsSignin, TooManyAttempts, TooManyUpdates
from .settings import ADDRESS_FACTOR, Rate
from .store import SessionStore
from .utils import Clock, KeyedLocks, new_id, system_clock

_SUBSCRIBER_BITS = 64
_MAX_ADDRESS = 64
_MAX_CACHED = 1024
_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?|([^:\[\]]*):\d{1,5}", re.ASCII)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address as servers and proxies spell it (RFC 9110 section 7.2, RFC 4007 11)."""
    return _parse(text) if len(text) <= _MAX_ADDRESS else None


@lru_cache(_MAX_CACHED)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    match = _WITH_PORT.fullmatch(text)
    host = text if match is None else match[1] or match[2] or ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine, by its address or as `localhost`."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def address_text(text: str) -> str:
    """Normalize an address; empty if it isn't one."""
    address = parse_address(text)
    return "" if address is None else str(address)


def network(address: str) -> str:
    """Find the network of one subscriber (RFC 6177), which limits treat as one client."""
    known = parse_address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), _SUBSCRIBER_BITS), strict=False))
    return "" if known is None else str(known)


TIMEOUT = 10
"""How many seconds others wait to see whether a running attempt fails."""

MAX_CONCURRENT = 128
"""Sign-ins of one address at a time: enough for an office behind one address."""

_POLL_SECONDS = 0.05
_RETRY_AFTER = 2
_MAX_BUCKETS = 100_000


def _is_wrong(error: Exception) -> bool:
    return isinstance(error, CredentialsSignin)


@dataclass(frozen=True, eq=False)
class SlidingWindow:
    """Counts attempts before they run, and stops counting those that don't fail.

    So no more can run at once, or fail, than the rate allows. When that many run, the next one
    waits, since they may succeed. An attempt that never ends, as when a worker is killed,
    counts until the window has passed.
    """

    store: SessionStore
    rate: Rate
    _: KW_ONLY
    clock: Clock = system_clock
    _locks: KeyedLocks = field(default_factory=KeyedLocks, init=False)

    @asynccontextmanager
    async def attempt(
        self, *key: str, is_failure: Callable[[Exception], bool] = _is_wrong, factor: int = 1
    ) -> AsyncIterator[None]:
        """Run an attempt, if the limit, `factor` times the rate, isn't reached."""
        hashed, attempt, failed = _hash(*key), new_id(), False
        if wait := await self._begin(hashed, attempt, self.rate.count * factor):
            raise TooManyAttempts(wait)
        try:
            yield
        except Exception as error:
            failed = is_failure(error)
            raise
        finally:
            await self._end(hashed, attempt, failed=failed)

    async def count(self, *key: str) -> int:
        """Count a call; if there are too many, return the seconds to wait."""
        hashed, call = _hash(*key), new_id()
        wait = await self._begin(hashed, call, self.rate.count)
        if not wait:
            await self._end(hashed, call, failed=True)
        return wait

    async def _begin(self, key: str, attempt: str, limit: int) -> int:
        try:
            async with self._locks.of(key):  # one in each worker polls
                return await self._poll(key, attempt, limit)
        except asyncio.CancelledError:
            await self._end(key, attempt, failed=False)
            raise

    async def _poll(self, key: str, attempt: str, limit: int) -> int:
        window = self.rate.seconds
        while True:
            now = self.clock()
            counted = await self.store.begin_attempt(
                key, attempt, at=now, window=window, limit=limit
            )
            if counted is None:
                return 0
            failed = [at for at, has_failed in counted if has_failed or abs(now - at) >= TIMEOUT]
            if len(failed) >= limit:
                return max(1, math.ceil(failed[-limit] + window - now))
            await asyncio.sleep(_POLL_SECONDS)

    async def _end(self, key: str, attempt: str, *, failed: bool) -> None:
        await asyncio.shield(self.store.end_attempt(key, attempt, failed=failed))


def _hash(*parts: str) -> str:
    """Hash a key: the store must not hold what people type into a form."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


class FailureLimit(SlidingWindow):
    """Limits failed sign-ins.

    An account is limited for each address separately, so that nobody can lock its owner out;
    and each address is limited, so that it can't try one account after the other.
    """

    @asynccontextmanager
    async def sign_in(self, account: str, address: str) -> AsyncIterator[None]:
        """Run a sign-in, and count it if it raises `CredentialsSignin`."""
        here = network(address)
        async with (
            self.attempt(account, here),
            self.attempt(here, factor=ADDRESS_FACTOR),
        ):
            yield


@dataclass(frozen=True, eq=False)
class AddressLimit(SlidingWindow):
    """Limits what each address does, under a name."""

    name: str

    async def take(self, address: str) -> int:
        """Count a call; if there are too many, return the seconds to wait."""
        return await self.count(self.name, network(address))

    def attempt_from(
        self, address: str, *, is_failure: Callable[[Exception], bool]
    ) -> AbstractAsyncContextManager[None]:
        """Run an attempt, and count it if it fails."""
        return self.attempt(self.name, network(address), is_failure=is_failure)


_MAIL_SECONDS = 1800
"""As long as a link to reset a password is good: a mailbox that is full holds one."""


@dataclass(frozen=True, eq=False)
class MailLimit:
    """Limits the mails that visitors request: by network, and of each kind by mailbox.

    A network takes no more than half of a mailbox's limit, so that it can't use it up alone.
    """

    networks: AddressLimit
    halves: SlidingWindow
    mailboxes: SlidingWindow

    @classmethod
    def of(cls, store: SessionStore, rate: Rate, address_rate: Rate, *, clock: Clock) -> MailLimit:
        """Allow a network `address_rate`, and a mailbox the count of `rate` in half an hour."""
        rates = Rate(max(1, rate.count // 2), _MAIL_SECONDS), Rate(rate.count, _MAIL_SECONDS)
        half, whole = (SlidingWindow(store, each, clock=clock) for each in rates)
        return cls(AddressLimit(store, address_rate, "mails", clock=clock), half, whole)

    async def take(self, kind: str, mailbox: str, address: str) -> None:
        """Count a request, whether or not the mailbox has an account."""
        wait = (
            await self.networks.take(address)
            or await self.halves.count("mailbox", kind, mailbox, network(address))
            or await self.mailboxes.count("mailbox", kind, mailbox)
        )
        if wait:
            raise TooManyAttempts(wait, "Too many mails were requested.", reason="mail")


class TokenBucket:
    """Allows a rate, and bursts up to its count."""

    __slots__ = ("_clock", "_rate", "_tokens", "_updated_at")

    def __init__(self, rate: Rate, clock: Clock = system_clock) -> None:
        self._rate = rate
        self._clock = clock
        self._tokens = float(rate.count)
        self._updated_at = clock()

    def take(self) -> float:
        """Take a token; if there is none, return the seconds to wait."""
        now = self._clock()
        per_second = self._rate.count / self._rate.seconds
        gained = max(0.0, now - self._updated_at) * per_second
        self._tokens, self._updated_at = min(self._rate.count, self._tokens + gained), now
        if self._tokens < 1:
            return (1 - self._tokens) / per_second
        self._tokens -= 1
        return 0.0


@dataclass(frozen=True, eq=False)
class UpdateLimit:
    """Limits how fast clients update each session, in this process."""

    rate: Rate
    _: KW_ONLY
    clock: Clock = system_clock
    _buckets: OrderedDict[str, TokenBucket] = field(default_factory=OrderedDict, init=False)

    def count(self, sid: str) -> None:
        bucket = self._buckets.get(sid) or TokenBucket(self.rate, self.clock)
        self._buckets[sid] = bucket
        self._buckets.move_to_end(sid)
        if len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if wait := bucket.take():
            raise TooManyUpdates(retry_after=math.ceil(wait))


@dataclass(frozen=True, eq=False)
class ConcurrencyLimit:
    """Limits the running sign-ins of each address in this process, correct ones too."""

    _running: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def sign_in(self, address: str) -> Iterator[None]:
        here = network(address)
        if self._running[here] >= MAX_CONCURRENT:
            message = "Too many sign-ins from your network are in progress."
            raise TooManyAttempts(_RETRY_AFTER, message, reason="at_once")
        self._running[here] += 1
        try:
            yield
        finally:
            self._running[here] -= 1
            if not self._running[here]:
                del self._running[here]


@dataclass(frozen=True, slots=True)
class Sender:
    """The client of the running request or event."""

    network: str = ""
    has_left: Callable[[], bool] = lambda: False


_current: ContextVar[Sender] = ContextVar("sender", default=Sender())  # noqa: B039 - it is frozen


def current_sender() -> Sender:
    """Find the sender of the running request or event."""
    return _current.get()


@contextmanager
def work_for(address: str, has_left: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Set the sender, so that slow work can stop when the client has left."""
    token = _current.set(Sender(network(address), has_left))
    try:
        yield
    finally:
        _current.reset(token)
