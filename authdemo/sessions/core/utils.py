"""Clock, ids, locks and tasks: small helpers of several modules."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import TracebackType
from typing import TypeAlias, TypeVar

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970-01-01 UTC."""

_MOST_WRITTEN = 4096

system_clock: Clock = time.time


@lru_cache(_MOST_WRITTEN)
def iso(seconds: float) -> str:
    """Write a time as JavaScript's `Date.toISOString()` does."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


T = TypeVar("T")


async def maybe_await(answer: T | Awaitable[T]) -> T:
    """Wait for an answer, if it has to be waited for."""
    if answer is None:
        return answer
    return await answer if isinstance(answer, Awaitable) else answer


_BYTES = 20
_OCTETS = 32
_FETCHED = 128
_CLEAR = "23456789abcdefghjkmnpqrstuvwxyz"
_TAB_CHARACTERS = 4
_MOST_NAMED = 4096


_ready: deque[bytes] = deque()
os.register_at_fork(after_in_child=_ready.clear)


def random_octets() -> bytes:
    """Take octets that nobody can guess, and that nobody else gets.

    They come from the operating system, many at a time: to ask it for each identifier would
    have all other threads of the process barge in each time.
    """
    while True:
        try:
            return _ready.popleft()
        except IndexError:
            octets = secrets.token_bytes(_FETCHED * _OCTETS)
            starts = range(0, len(octets), _OCTETS)
            _ready.extend(octets[start : start + _OCTETS] for start in starts)


def new_id() -> str:
    """Make an identifier that nobody can guess."""
    return random_octets()[:_BYTES].hex()


def new_tab_name() -> str:
    """Make a name for a tab that people can tell from others; it is no secret."""
    return "".join(secrets.choice(_CLEAR) for _ in range(_TAB_CHARACTERS))


def is_tab_name(text: str) -> bool:
    """Tell whether a text could be a tab's name."""
    return len(text) == _TAB_CHARACTERS and set(text) <= set(_CLEAR)


@lru_cache(_MOST_NAMED)
def public_id(sid: str) -> str:
    """Name a session where its real id must not be seen: in lists and in logs."""
    return hashlib.sha256(sid.encode()).hexdigest()[:32]


logger = logging.getLogger("authdemo.sessions")


@dataclass(eq=False)
class LogOnce:
    """Something that may stop working, and may work again."""

    begins: str
    ends: str = ""
    level: int = logging.ERROR
    is_on: bool = field(default=False, init=False)

    def begin(self, error: Exception) -> None:
        """Note that it failed."""
        if not self.is_on:
            logger.log(self.level, "%s (%s)", self.begins, error)
        self.is_on = True

    def end(self) -> None:
        """Note that it worked."""
        if self.is_on:
            logger.info(self.ends)
        self.is_on = False


Work: TypeAlias = Callable[[], Awaitable[None]]

_FIRST_WAIT = 0.1
_LONGEST_WAIT = 60.0
_PATIENCE = 1.0


@contextlib.asynccontextmanager
async def in_background(works: Mapping[str, Work]) -> AsyncIterator[None]:
    """Do some work meanwhile, each beside the others.

    What fails is logged and begins anew: soon at first, and the later the more often it
    fails. At the end all of it is cancelled, and waited for.
    """
    tasks = [asyncio.create_task(_kept_up(name, work)) for name, work in works.items()]
    try:
        yield
    finally:
        await _end(tasks)


async def _end(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel tasks until they are over: before Python 3.12 `asyncio.wait_for` may lose it."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_PATIENCE)


async def _kept_up(name: str, work: Work) -> None:
    """Do one of them until it is done, or told to end."""
    wait = _FIRST_WAIT
    while True:
        began = _now()
        try:
            return await work()
        except Exception:
            if _is_told_to_end():
                logger.exception("The %s failed at its end.", name)
                return None
            if _now() - began > wait:
                wait = _FIRST_WAIT
            logger.exception("The %s failed; it begins anew in %g seconds.", name, wait)
        await asyncio.sleep(wait)
        wait = min(2 * wait, _LONGEST_WAIT)


def _is_told_to_end() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True, eq=False)
class Locks:
    """A lock for every name, kept for as long as somebody holds it or waits for it."""

    _turns: dict[Hashable, Turn] = field(default_factory=dict, init=False)

    def of(self, *name: str) -> Turn:
        """Find the lock of a name."""
        turn = self._turns.get(name)
        if turn is None:
            turn = self._turns[name] = Turn(self._turns, name)
        return turn


@dataclass(slots=True, eq=False)
class Turn:
    """One name's lock, which forgets itself when nobody needs it any more."""

    turns: dict[Hashable, Turn]
    name: Hashable
    _users: int = field(default=0, init=False)
    _lock: asyncio.Lock | None = field(default=None, init=False)

    @property
    def is_taken(self) -> bool:
        """Whether somebody holds it, or waits for it."""
        return self._users > 0

    async def __aenter__(self) -> None:
        """Wait for one's turn; whoever comes first, and alone, needn't."""
        self._users += 1
        if self._users == 1:
            return
        try:
            if self._lock is None:
                self._lock = asyncio.Lock()
                await self._lock.acquire()
            await self._lock.acquire()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let the next one have a turn."""
        if self._lock is not None:
            self._lock.release()
        self._leave()

    def _leave(self) -> None:
        self._users -= 1
        if self._users == 0:
            self._lock = None
            self.turns.pop(self.name, None)


def weighted(field: str) -> list[tuple[str, float]]:
    """Read such a list."""
    parts = (part.partition(";") for part in field.split(","))
    return [(item.strip().casefold(), _weight(given)) for item, _, given in parts]


def _weight(given: str) -> float:
    name, _, value = given.strip().partition("=")
    if name not in ("q", "Q"):
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
