"""So much at once, and then as much as flows in."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.errors import TooManyUpdates
from authdemo.sessions.core.rate_limit import TokenBucket, UpdateLimit
from authdemo.sessions.core.settings import Rate


def test_bucket_gives_its_tokens_at_once_and_then_at_its_rate(clock):
    bucket = TokenBucket(Rate(10, 1), clock)
    assert [bucket.take() for _ in range(10)] == [0] * 10
    assert bucket.take() == pytest.approx(0.1)
    clock.advance(0.11)
    assert bucket.take() == 0
    assert bucket.take() > 0


def test_bucket_never_holds_more_than_its_rate(clock):
    bucket = TokenBucket(Rate(10, 1), clock)
    clock.advance(1000)
    assert sum(bucket.take() == 0 for _ in range(100)) == 10


def test_bucket_gives_nothing_when_the_clock_steps_back(clock):
    bucket = TokenBucket(Rate(1, 60), clock)
    bucket.take()
    clock.advance(-3600)
    assert bucket.take() == pytest.approx(60)


def test_sessions_have_buckets_of_their_own(clock):
    limit = UpdateLimit(Rate(2, 60), clock=clock)
    for sid in ("one", "other"):
        limit.count(sid)
        limit.count(sid)
    with pytest.raises(TooManyUpdates) as refused:
        limit.count("one")
    assert refused.value.retry_after == 30
    clock.advance(30)
    limit.count("one")
