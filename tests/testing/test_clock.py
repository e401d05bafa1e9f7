from __future__ import annotations

from authdemo.testing import FrozenClock


def test_clock_stands_still_until_it_is_advanced() -> None:
    clock = FrozenClock(1000.0)
    assert clock() == clock() == 1000.0
    clock.advance(0.5)
    assert clock() == 1000.5
    clock.advance(days=1, hours=1, minutes=1, seconds=1)
    assert clock() == 1000.5 + 86_400 + 3600 + 60 + 1


def test_listener_is_called_when_it_has_moved() -> None:
    seen: list[float] = []
    clock = FrozenClock(0, moved=lambda: seen.append(clock()))
    clock.advance(minutes=1)
    clock.advance(minutes=2)
    assert seen == [60, 180]
