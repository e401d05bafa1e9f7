"""So many failures in so much time, and then a rest."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.errors import TooManyAttempts
from authdemo.sessions.core.limits import FailureLimit
from authdemo.sessions.core.settings import Rate


@pytest.fixture
def limit(clock):
    return FailureLimit(Rate(3, 60), clock=clock)


def seconds_to_wait(limit, *key):
    with pytest.raises(TooManyAttempts) as refused:
        limit.check(*key)
    return refused.value.retry_after


def fail(limit, *key, times=1):
    for _ in range(times):
        limit.check(*key)
        limit.failed(*key)


def test_as_many_as_the_rate_are_let_in(limit):
    fail(limit, "ada", times=3)
    assert seconds_to_wait(limit, "ada") == 60


def test_attempts_that_do_not_fail_are_not_counted(limit):
    for _ in range(100):
        limit.check("ada")
    fail(limit, "ada", times=2)
    limit.check("ada")


def test_the_window_slides(limit, clock):
    fail(limit, "ada")
    clock.advance(40)
    fail(limit, "ada", times=2)
    assert seconds_to_wait(limit, "ada") == 20
    clock.advance(20)
    fail(limit, "ada")
    assert seconds_to_wait(limit, "ada") == 40


def test_the_time_to_wait_is_rounded_up_and_never_nothing(limit, clock):
    fail(limit, "ada", times=3)
    clock.advance(58.5)
    assert seconds_to_wait(limit, "ada") == 2
    clock.advance(1.4999)
    assert seconds_to_wait(limit, "ada") == 1
    clock.advance(0.0001)
    limit.check("ada")


def test_others_are_not_affected(limit):
    fail(limit, "ada", "192.0.2.1", times=3)
    limit.check("grace", "192.0.2.1")
    limit.check("ada", "192.0.2.2")


def test_parts_of_a_key_do_not_run_together(limit):
    fail(limit, "ada1", "92.0.2.1", times=3)
    limit.check("ada", "192.0.2.1")


def test_who_waits_starts_with_a_clean_slate(limit, clock):
    fail(limit, "ada", times=3)
    clock.advance(60)
    fail(limit, "ada", times=3)
    assert seconds_to_wait(limit, "ada") == 60
