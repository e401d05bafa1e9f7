"""Sessions in Redis, for an app that runs as several processes.

Each session is a hash with its record as JSON, and a list with its history; they live as
long as the session.
Sorted sets know the sessions by their expiry: one for each user, one for all, which the
sweep reads, and one for each name that a provider has for some of them.
"""

from __future__ import annotations

import contextlib
import math
from asyncio import timeout
from collections.abc import AsyncIterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from ..core.errors import ConfigurationError, StoreUnavailable
from ..core.record import MAX_HISTORY, HistoryEntry, SessionRecord
from ..core.store import Attempt, Ordered
from ..core.utils import Clock, system_clock

TIMEOUT = 2.0
"""How many seconds an answer of Redis may take."""

FAILURES = (RedisError, OSError)
"""What a Redis raises that can't be reached or rejects a command."""

MAX_CONNECTIONS = 20
SWEEP_BATCH_SIZE = 500

# Compare the version, and set. A new session expects none, and has keys of its provider's ids.
_KEEP = """
local session, of_user, expiries = unpack(KEYS)
local history = session .. ':history'
local expected, record, version, entry, max_entries, now = unpack(ARGV, 1, 6)
local expires, lifetime, absolute_expires, absolute_lifetime = unpack(ARGV, 7)
if (redis.call('HGET', session, 'version') or '') ~= expected then
    return 0
end
if version ~= expected then
    redis.call('RPUSH', history, entry)
    redis.call('LTRIM', history, -max_entries, -1)
end
redis.call('HSET', session, 'record', record, 'version', version, 'of_user', of_user)
redis.call('PEXPIRE', session, lifetime)
redis.call('PEXPIRE', history, lifetime)
redis.call('ZADD', expiries, expires, session)
redis.call('ZADD', of_user, expires, session)
redis.call('ZREMRANGEBYSCORE', of_user, '-inf', now)
if redis.call('PTTL', of_user) < tonumber(lifetime) then
    redis.call('PEXPIRE', of_user, lifetime)
end
for i = 4, #KEYS do
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
    redis.call('ZADD', KEYS[i], absolute_expires, session)
    redis.call('PEXPIRE', KEYS[i], absolute_lifetime)
end
return 1
"""

_DELETE = """
local session, expiries = unpack(KEYS)
local record, of_user = unpack(redis.call('HMGET', session, 'record', 'of_user'))
if not record then
    return false
end
redis.call('DEL', session, session .. ':history')
redis.call('ZREM', expiries, session)
redis.call('ZREM', of_user, session)
return record
"""

_LIST = """
local records = {}
for _, session in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
    local record = redis.call('HGET', session, 'record')
    if record then
        table.insert(records, record)
    else
        redis.call('ZREM', KEYS[1], session)
    end
end
return records
"""

_SWEEP = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, key in ipairs(due) do
    redis.call('DEL', key, key .. ':history')
    redis.call('ZREM', KEYS[1], key)
end
return #due
"""

# Attempts under way and those that failed, each by when it began.
_BEGIN = """
local running, failed = unpack(KEYS)
local attempt, at, since, limit, window = unpack(ARGV)
for _, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', since)
end
if redis.call('ZCARD', running) + redis.call('ZCARD', failed) >= tonumber(limit) then
    return {
        redis.call('ZRANGE', running, 0, -1, 'WITHSCORES'),
        redis.call('ZRANGE', failed, 0, -1, 'WITHSCORES'),
    }
end
redis.call('ZADD', running, at, attempt)
redis.call('PEXPIRE', running, window)
return false
"""

_END = """
local running, failed = unpack(KEYS)
local attempt, has_failed = unpack(ARGV)
local at, lifetime = redis.call('ZSCORE', running, attempt), redis.call('PTTL', running)
if redis.call('ZREM', running, attempt) == 1 and has_failed == '1' then
    redis.call('ZADD', failed, at, attempt)
    redis.call('PEXPIRE', failed, math.max(lifetime, redis.call('PTTL', failed)))
end
"""


@dataclass(eq=False)
class RedisStore:
    """A `SessionStore` in Redis.

    Every change is one script, so that it happens as a whole or not at all, and
    in one order for all workers. Redis may come and go: until it answers, every
    method raises `StoreUnavailable` soon. Apps with other names can share a Redis.
    """

    url: str
    _: KW_ONLY
    name: str = "sessions"
    clock: Clock = system_clock
    _client: Redis | None = field(default=None, init=False)

    async def open(self) -> None:
        """Get ready, whether or not Redis is there yet."""
        self._client = connect(self.url)

    async def close(self) -> None:
        redis, self._client = self._client, None
        if redis is not None:
            await redis.aclose()

    async def create(self, record: SessionRecord) -> None:
        if not await self._keep(record, expected=""):
            raise StoreUnavailable

    async def get(self, sid: str) -> SessionRecord | None:
        async with self._redis() as redis:
            found = await redis.hget(self._key("session", sid), "record")  # type: ignore[misc]
        return SessionRecord.parse(found) if found is not None else None

    async def newest(self, sid: str, *, known: SessionRecord | None = None) -> Ordered:
        return Ordered(known or await self.get(sid))

    async def replace(self, record: SessionRecord, *, expected: SessionRecord) -> Ordered | None:
        return Ordered(record) if await self._keep(record, expected=str(expected.version)) else None

    async def delete(self, sid: str) -> SessionRecord | None:
        found = await self._run(_DELETE, [self._key("session", sid), self._key("sessions")])
        return SessionRecord.parse(found) if found is not None else None

    async def of_user(self, user_id: str) -> list[SessionRecord]:
        records = await self._list(self._key("user", user_id))
        return sorted(records, key=lambda record: record.created_at, reverse=True)

    async def of_provider_id(self, provider_id: str) -> list[SessionRecord]:
        return await self._list(self._key("provider-id", provider_id))

    async def history(self, sid: str) -> list[HistoryEntry]:
        async with self._redis() as redis:
            found = await redis.lrange(self._key("session", sid, "history"), 0, -1)  # type: ignore[misc]
        return [HistoryEntry.model_validate_json(entry) for entry in found]

    async def put_value(self, key: str, value: str, *, expires: float) -> None:
        """Keep a one-time value; Redis deletes it when it expires."""
        async with self._redis() as redis:
            text, lifetime = f"{expires} {value}", self._lifetime(expires)
            await redis.set(self._key("one-time", key), text, px=lifetime)

    async def find_value(self, key: str, *, now: float) -> str | None:
        async with self._redis() as redis:
            return _unless_expired(await redis.get(self._key("one-time", key)), now)

    async def consume_value(self, key: str, *, now: float) -> str | None:
        async with self._redis() as redis:
            return _unless_expired(await redis.getdel(self._key("one-time", key)), now)

    async def begin_attempt(
        self, key: str, attempt: str, *, at: float, window: float, limit: int
    ) -> list[Attempt] | None:
        values: list[str | float] = [attempt, at, at - window, limit, math.ceil(window * 1000)]
        counted = await self._run(_BEGIN, self._attempts(key), values)
        if counted is None:
            return None
        running, failed = (map(float, each[1::2]) for each in counted)
        begun = [Attempt(each, has_failed=False) for each in running]
        return sorted([*begun, *(Attempt(each, has_failed=True) for each in failed)])

    async def end_attempt(self, key: str, attempt: str, *, failed: bool) -> None:
        await self._run(_END, self._attempts(key), [attempt, int(failed)])

    async def sweep(self, now: float) -> int:
        """Delete expired sessions, a batch at a time."""
        count, batch = 0, SWEEP_BATCH_SIZE
        while batch == SWEEP_BATCH_SIZE:
            try:
                batch = await self._run(_SWEEP, [self._key("sessions")], [now, SWEEP_BATCH_SIZE])
            except StoreUnavailable:
                if not count:
                    raise
                break
            count += batch
        return count

    async def facts(self) -> dict[str, Any]:
        """Report how far Redis's clock is ahead, and whether it keeps what it is given."""
        async with self._redis() as redis:
            seconds, microseconds = await redis.time()
            skew, info = seconds + microseconds / 1e6 - self.clock(), await redis.info()
        return {
            "version": info["redis_version"],
            "skew": skew,
            "appends": bool(info["aof_enabled"]),
            "evicts": info["maxmemory"] > 0 and info["maxmemory_policy"] != "noeviction",
        }

    async def _keep(self, record: SessionRecord, *, expected: str) -> bool:
        keys = [
            self._key("session", record.id),
            self._key("user", record.user_id),
            self._key("sessions"),
            *(self._key("provider-id", each) for each in record.provider_ids if not expected),
        ]
        entry = record.last_change.model_dump_json()
        values: list[str | float] = [
            *(expected, record.model_dump_json(), record.version, entry, MAX_HISTORY, self.clock()),
            *(record.expires_at, self._lifetime(record.expires_at)),
            *(record.absolute_expires_at, self._lifetime(record.absolute_expires_at)),
        ]
        return bool(await self._run(_KEEP, keys, values))

    async def _list(self, index: str) -> list[SessionRecord]:
        found = await self._run(_LIST, [index])
        return [record for text in found if (record := SessionRecord.parse(text))]

    async def _run(self, script: str, keys: list[str], values: Sequence[str | float] = ()) -> Any:
        async with self._redis() as redis:
            return await redis.register_script(script)(keys, values)

    @contextlib.asynccontextmanager
    async def _redis(self) -> AsyncIterator[Redis]:
        if self._client is None:
            raise StoreUnavailable
        try:
            async with timeout(TIMEOUT):
                yield self._client
        except FAILURES as error:
            raise StoreUnavailable from error

    def _lifetime(self, expires: float) -> int:
        return max(1, math.ceil((expires - self.clock()) * 1000))

    def _key(self, *parts: str) -> str:
        return ":".join((self.name, *parts))

    def _attempts(self, key: str) -> list[str]:
        return [self._key("attempts", key), self._key("failures", key)]


def _unless_expired(text: str | None, now: float) -> str | None:
    expires, _, value = (text or "0").partition(" ")
    return value if float(expires) > now else None


def connect(url: str) -> Redis:
    """Make a client that repeats nothing, since it may have been done; it connects at first use."""
    try:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=MAX_CONNECTIONS,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
    except ValueError as error:
        raise ConfigurationError(
            f"REFLEX_REDIS_URL takes a URL like redis://localhost:6379 ({error})."
        ) from error
    return Redis.from_pool(pool)
