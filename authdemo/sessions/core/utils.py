"""Clock, identifiers, strict JSON, locks and background tasks."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import math
import os
import secrets
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from pydantic_core import to_json

Clock: TypeAlias = Callable[[], float]
"""Seconds since 1970-01-01 UTC."""

T = TypeVar("T")
Work: TypeAlias = Callable[[], Awaitable[None]]

logger = logging.getLogger("authdemo.sessions")
system_clock: Clock = time.time


def make_data_folder(folder: Path) -> None:
    """Create a folder if need be, with a `.gitignore` that keeps its secrets out of the sources."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        ignored = folder / ".gitignore"
        ignored.touch(mode=0o600)
        ignored.write_text("*\n")


@dataclass(eq=False)
class AppClock:
    """The clock of an app; a test may replace its source."""

    source: Clock = system_clock

    def __call__(self) -> float:
        return self.source()


_MAX_CACHED = 4096
_ID_BYTES = 20
_RANDOM_BYTES = 32
_BATCH_SIZE = 128
_CLEAR_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_TAB_CHARACTERS = 4
_MIN_BACKOFF = 0.1
_MAX_BACKOFF = 60.0
_CANCEL_TIMEOUT = 1.0


@lru_cache(_MAX_CACHED)
def iso(seconds: float) -> str:
    """Format a time as JavaScript's `Date.toISOString()` does."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def maybe_await(answer: T | Awaitable[T]) -> T:
    if answer is None:
        return answer
    return await answer if isinstance(answer, Awaitable) else answer


async def wait_for(commit: asyncio.Future[Any] | None) -> None:
    """Wait for what others may wait for, too; None is done already."""
    if commit is not None:
        await asyncio.shield(commit)


_random: deque[bytes] = deque()
os.register_at_fork(after_in_child=_random.clear)


def random_bytes() -> bytes:
    """Take 32 random bytes.

    They are read from the operating system in batches: each call of it would let all other
    threads of the process run first.
    """
    while True:
        try:
            return _random.popleft()
        except IndexError:
            batch = secrets.token_bytes(_BATCH_SIZE * _RANDOM_BYTES)
            starts = range(0, len(batch), _RANDOM_BYTES)
            _random.extend(batch[start : start + _RANDOM_BYTES] for start in starts)


def new_id() -> str:
    """Make an identifier that can't be guessed."""
    return random_bytes()[:_ID_BYTES].hex()


def new_tab_name() -> str:
    """Make a short name by which people recognize a tab; it is no secret."""
    return "".join(secrets.choice(_CLEAR_LETTERS) for _ in range(_TAB_CHARACTERS))


def is_tab_name(text: str) -> bool:
    """Whether a text could be a tab's name."""
    return len(text) == _TAB_CHARACTERS and set(text) <= set(_CLEAR_LETTERS)


@lru_cache(_MAX_CACHED)
def public_id(sid: str) -> str:
    """Identify a session in lists and logs, where its real id must not be."""
    return hashlib.sha256(sid.encode()).hexdigest()[:32]


def parse_json(data: bytes) -> Any:
    """Parse JSON that no two programs read differently (RFC 8725 2.4, RFC 8259 4).

    Python's `json` takes the last of two equal names, `NaN`, lone surrogates and `1e400`.
    """
    text = data.decode("utf-8", "strict")
    try:
        value = _decode(text)
        if "\\u" in text:  # it may name half of a surrogate pair, which no text can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8", "strict")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


write_json: Callable[[object], bytes] = partial(to_json, inf_nan_mode="null")
"""Writes JSON with nothing between its tokens."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number[:20]} is too large")
    return value


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
).decode


@dataclass(eq=False)
class LogOnce:
    """Logs when something begins to fail, and when it works again."""

    failure: str
    recovery: str = ""
    level: int = logging.ERROR
    is_failing: bool = field(default=False, init=False)

    def failed(self, error: Exception) -> None:
        """Log the first failure."""
        if not self.is_failing:
            logger.log(self.level, "%s (%s)", self.failure, error)
        self.is_failing = True

    def recovered(self) -> None:
        """Log the first success after a failure."""
        if self.is_failing:
            logger.info(self.recovery)
        self.is_failing = False


@contextlib.asynccontextmanager
async def in_background(works: Mapping[str, Work]) -> AsyncIterator[None]:
    """Run tasks in the background. One that fails is logged and starts again, with a backoff."""
    tasks = [asyncio.create_task(_keep_running(name, work)) for name, work in works.items()]
    try:
        yield
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    # Cancel more than once: before Python 3.12 `asyncio.wait_for` may lose a cancellation.
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=_CANCEL_TIMEOUT)


async def _keep_running(name: str, work: Work) -> None:
    backoff, now = _MIN_BACKOFF, asyncio.get_running_loop().time
    while True:
        started_at = now()
        try:
            return await work()
        except Exception:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                logger.exception("The %s failed when it was cancelled.", name)
                return None
            if now() - started_at > backoff:
                backoff = _MIN_BACKOFF
            logger.exception("The %s failed; it starts again in %g seconds.", name, backoff)
        await asyncio.sleep(backoff)
        backoff = min(2 * backoff, _MAX_BACKOFF)


@dataclass(frozen=True, eq=False)
class KeyedLocks:
    """A lock for each key, kept while it is held or waited for."""

    _locks: WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=WeakValueDictionary, init=False
    )

    def of(self, key: str) -> asyncio.Lock:
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


def parse_weights(field: str) -> list[tuple[str, float]]:
    """Parse a list with weights (RFC 9110 section 12.4.2)."""
    parts = (part.partition(";") for part in field.split(","))
    return [(item.strip().casefold(), _weight(parameter)) for item, _, parameter in parts]


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name not in ("q", "Q"):
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
