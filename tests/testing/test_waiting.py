from __future__ import annotations

import threading
import time

import pytest

from authdemo.testing import eventually


def test_it_waits_no_longer_than_it_has_to() -> None:
    done, started = threading.Event(), time.monotonic()
    threading.Timer(0.1, done.set).start()
    eventually(done.is_set)
    assert time.monotonic() - started < 5


def test_what_never_holds_fails_with_what_is_seen_at_the_end() -> None:
    counted = iter(range(1000))
    with pytest.raises(AssertionError, match=r"not so within 0\.1 seconds: I see [1-9]"):
        eventually(lambda: next(counted) < 0, within=0.1, seen=lambda: f"I see {next(counted)}")
    with pytest.raises(AssertionError, match=r"not so within 0 seconds$"):
        eventually(lambda: False, within=0)


def test_what_holds_already_needs_no_time() -> None:
    eventually(lambda: True, within=0)
