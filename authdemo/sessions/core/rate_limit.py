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

from .errors import CredentialsSignin, TooManyAttempts, TooManySignIns, TooManyUpdates
from .settings import ADDRESS_FACTOR, Rate
from .store import SessionStore
from .utils import Clock, KeyedLocks, new_id, system_clock

_SUBSCRIBER_BITS = 64
_MAX_ADDRESS = 64
_MAX_KNOWN = 1024
_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?|([^:\[\]]*):\d{1,5}", re.ASCII)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address as servers and proxies spell it.

    See RFC 9110 section 7.2; RFC 4007 section 11.
    """
    return _parse(text) if len(text) <= _MAX_ADDRESS else None


@lru_cache(_MAX_KNOWN)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    match = _WITH_PORT.fullmatch(text)
    host = text if match is None else match[1] or match[2] or ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def address_text(text: str) -> str:
    """Spell an address in the one way that is recorded; empty if it is none."""
    address = parse_address(text)
    return "" if address is None else str(address)


def network(address: str) -> str:
    """Find the network of one subscriber, which limits count as one.

    See RFC 6177, section 2.
    """
    known = parse_address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), _SUBSCRIBER_BITS), strict=False))
    return "" if known is None else str(known)


TIMEOUT = 10
"""How many seconds others wait to see whether an attempt under way fails."""

_PAUSE = 0.05


@dataclass(frozen=True, eq=False)
class SlidingWindow:
    """Counts attempts before they are made, and forgets those that did not fail.

    So no more can be under way or have failed than are allowed. Whoever comes while that
    many are under way waits, since these may not fail. What nobody ends, as when a worker
    dies, counts until the window is over.
    """

    store: SessionStore
    window: float
    _: KW_ONLY
    clock: Clock
    _turns: KeyedLocks = field(default_factory=KeyedLocks, init=False)

    @asynccontextmanager
    async def one(
        self, most: int, *name: str, is_failure: Callable[[Exception], bool]
    ) -> AsyncIterator[None]:
        """Make an attempt, if it may be made."""
        key, attempt, failed = _key(*name), new_id(), False
        if wait := await self._begin(key, attempt, most):
            raise TooManyAttempts(wait)
        try:
            yield
        except Exception as error:
            failed = is_failure(error)
            raise
        finally:
            await self._end(key, attempt, failed=failed)

    async def count(self, most: int, *name: str) -> int:
        """Count an attempt, whatever becomes of it."""
        key, attempt = _key(*name), new_id()
        wait = await self._begin(key, attempt, most)
        if not wait:
            await self._end(key, attempt, failed=True)
        return wait

    async def _begin(self, key: str, attempt: str, most: int) -> int:
        """Wait for one's turn to ask, so that one in each worker asks again and again."""
        try:
            async with self._turns.of(key):
                return await self._ask(key, attempt, most)
        except asyncio.CancelledError:
            await self._end(key, attempt, failed=False)
            raise

    async def _ask(self, key: str, attempt: str, most: int) -> int:
        while True:
            now = self.clock()
            counted = await self.store.begin_attempt(
                key, attempt, at=now, window=self.window, most=most
            )
            if counted is None:
                return 0
            failed = [each.at for each in counted if each.is_over or abs(now - each.at) >= TIMEOUT]
            if len(failed) >= most:
                return max(1, math.ceil(failed[-most] + self.window - now))
            await asyncio.sleep(_PAUSE)

    async def _end(self, key: str, attempt: str, *, failed: bool) -> None:
        """Say how an attempt ended, even if whoever made it is gone."""
        await asyncio.shield(self.store.end_attempt(key, attempt, failed=failed))


def _key(*parts: str) -> str:
    """Name what is counted; what people typed into a form is not kept."""
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()


_MOST_BUCKETS = 100_000


class TokenBucket:
    """Lets so many through in so much time; short bursts are welcome (a token bucket)."""

    __slots__ = ("_clock", "_left", "_rate", "_seen")

    def __init__(self, rate: Rate, clock: Clock = system_clock) -> None:
        self._rate = rate
        self._clock = clock
        self._left = float(rate.count)
        self._seen = clock()

    def take(self) -> float:
        """Take one, if there is one."""
        now = self._clock()
        per_second = self._rate.count / self._rate.seconds
        gained = max(0.0, now - self._seen) * per_second
        self._left, self._seen = min(self._rate.count, self._left + gained), now
        if self._left < 1:
            return (1 - self._left) / per_second
        self._left -= 1
        return 0.0


@dataclass(frozen=True, eq=False)
class UpdateLimit:
    """Limits how fast clients update each session, in this process."""

    rate: Rate
    _: KW_ONLY
    clock: Clock = system_clock
    _buckets: OrderedDict[str, TokenBucket] = field(default_factory=OrderedDict, init=False)

    def count(self, sid: str) -> None:
        """Count an update."""
        bucket = self._buckets.get(sid) or TokenBucket(self.rate, self.clock)
        self._buckets[sid] = bucket
        self._buckets.move_to_end(sid)
        if len(self._buckets) > _MOST_BUCKETS:
            self._buckets.popitem(last=False)
        if wait := bucket.take():
            raise TooManyUpdates(math.ceil(wait))


class FailureLimit:
    """Limits failed sign-ins, however many are tried at one moment and on however many workers.

    An account is limited for each address apart, so that a stranger can't lock its
    owner out; and each address is limited, so that it can't try one account after the other.
    """

    def __init__(self, store: SessionStore, rate: Rate, *, clock: Clock = system_clock) -> None:
        self._most = rate.count
        self._attempts = SlidingWindow(store, rate.seconds, clock=clock)

    @asynccontextmanager
    async def attempt(self, account: str, address: str) -> AsyncIterator[None]:
        """Let an attempt in, and count it if it raises `CredentialsSignin`."""
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
        self._most = rate.count
        self._name = name
        self._attempts = SlidingWindow(store, rate.seconds, clock=clock)

    async def take(self, address: str) -> int:
        """Count one more from an address, unless there were too many."""
        return await self._attempts.count(self._most, self._name, network(address))

    def attempt(
        self, address: str, *, is_failure: Callable[[Exception], bool]
    ) -> AbstractAsyncContextManager[None]:
        """Let an attempt in, and count it if it fails."""
        return self._attempts.one(self._most, self._name, network(address), is_failure=is_failure)


def _is_wrong(error: Exception) -> bool:
    return isinstance(error, CredentialsSignin)


MAX_AT_ONCE = 128
"""Enough for an office behind one address; the last of them waits some seconds."""

_RETRY_AFTER = 2


@dataclass(frozen=True, eq=False)
class CrowdLimit:
    """Bounds the sign-ins under way of each address in this process, correct ones too."""

    _underway: Counter[str] = field(default_factory=Counter, init=False)

    @contextmanager
    def one(self, address: str) -> Iterator[None]:
        """Let a sign-in begin."""
        here = network(address)
        if self._underway[here] >= MAX_AT_ONCE:
            raise TooManySignIns(_RETRY_AFTER)
        self._underway[here] += 1
        try:
            yield
        finally:
            self._underway[here] -= 1
            if not self._underway[here]:
                del self._underway[here]


def _stays() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Sender:
    """The client behind a request or an event."""

    network: str = ""
    has_left: Callable[[], bool] = _stays


_current: ContextVar[Sender] = ContextVar("sender", default=Sender())  # noqa: B039 - it is frozen


def current_sender() -> Sender:
    """Find the sender of the request or the event that runs."""
    return _current.get()


@contextmanager
def work_for(address: str, has_left: Callable[[], bool] = _stays) -> Iterator[None]:
    """Work for a sender, so that what takes long knows about it."""
    token = _current.set(Sender(network(address), has_left))
    try:
        yield
    finally:
        _current.reset(token)
