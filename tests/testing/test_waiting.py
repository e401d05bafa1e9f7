from __future__ import annotations

import threading
import time

import pytest

from authdemo.testing import wait_until


def test_wait_ends_as_soon_as_its_condition_holds() -> None:
    done, started = threading.Event(), time.monotonic()
    threading.Timer(0.1, done.set).start()
    wait_until(done.is_set)
    assert time.monotonic() - started < 5


def test_wait_for_a_condition_that_never_holds_fails_with_the_last_state() -> None:
    counted = iter(range(1000))
    with pytest.raises(
        AssertionError, match=r"the condition is not met within 0\.1 seconds: I see [1-9]"
    ):
        wait_until(
            lambda: next(counted) < 0, timeout=0.1, on_timeout=lambda: f"I see {next(counted)}"
        )
    with pytest.raises(AssertionError, match=r"the condition is not met within 0 seconds$"):
        wait_until(lambda: False, timeout=0)


def test_wait_for_a_met_condition_takes_no_time() -> None:
    wait_until(lambda: True, timeout=0)
