"""Runs the scripts of many connections, as fast as the server answers."""

from __future__ import annotations

import math
import select
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from benchmarks.load.channel import Channel, HttpChannel, Script
from benchmarks.load.wire import UnexpectedAnswer

AT_ONCE = 16
"""How many events are taken from the kernel at a time: few, so that none waits for many others."""

SILENCE = 20.0


@dataclass(frozen=True, slots=True)
class Round:
    """What a while of load came to.

    Attributes:
        seconds: How long it took, from the first request to the last answer.
        latencies: How many seconds each exchange took, sorted.
    """

    seconds: float
    latencies: Sequence[float]

    @classmethod
    def of(cls, channels: Iterable[Channel], seconds: float) -> Round:
        """Put together what some channels did in a while."""
        return cls(seconds, sorted(took for channel in channels for took in channel.latencies))

    @property
    def count(self) -> int:
        """How many exchanges there were."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Exchanges a second."""
        return self.count / self.seconds

    def percentile(self, percent: float) -> float:
        """Find the latency that so many per cent of the exchanges keep within, in seconds."""
        return self.latencies[min(self.count - 1, int(self.count * percent / 100))]


class Driver:
    """Looks after channels in one thread."""

    def __init__(self) -> None:
        """Make a driver without channels."""
        self._poll = select.epoll()
        self._channels: dict[int, Channel] = {}
        self._background: set[Channel] = set()
        self._foreground = 0

    def add(self, channel: Channel, *, background: bool = False) -> None:
        """Look after a channel from now on; it sends nothing before `run`.

        Args:
            channel: The channel.
            background: Whether it goes on only as long as others have something to do.
        """
        self._channels[channel.fileno()] = channel
        self._poll.register(channel.fileno(), select.EPOLLIN)
        if background:
            self._background.add(channel)

    def drop(self, channel: Channel) -> None:
        """Close a channel, and look after it no more."""
        del self._channels[channel.fileno()]
        self._background.discard(channel)
        channel.close()

    def close(self) -> None:
        """Close all channels."""
        for channel in self._channels.values():
            channel.close()
        self._poll.close()

    def run(self, seconds: float = math.inf) -> float:
        """Let every channel go on with its script, and wait for the last answers.

        Args:
            seconds: When to begin no more exchanges; by default the scripts end by themselves.

        Returns:
            How many seconds it took.

        Raises:
            UnexpectedAnswer: If the server does not do what a script expects.
        """
        began = perf_counter()
        deadline = began + seconds
        starts = {channel: channel.go() for channel in self._channels.values()}
        self._foreground = sum(starts[each] for each in starts if each not in self._background)
        awaited = sum(starts.values())
        while awaited:
            for channel in self._ready():
                if channel.read():
                    awaited -= not self._goes_on(channel, deadline)
        return perf_counter() - began

    def until(self, holds: Callable[[], bool]) -> None:
        """Listen, without beginning anything, until a condition holds.

        Args:
            holds: The condition.
        """
        while not holds():
            for channel in self._ready():
                channel.read()

    def _goes_on(self, channel: Channel, deadline: float) -> bool:
        has_time = perf_counter() < deadline
        if channel in self._background:
            return has_time and self._foreground > 0 and channel.go()
        goes_on = has_time and channel.go()
        self._foreground -= not goes_on
        return goes_on

    def _ready(self) -> Iterator[Channel]:
        events = self._poll.poll(SILENCE, AT_ONCE)
        if not events:
            raise UnexpectedAnswer(f"Nothing came for {SILENCE:.0f} seconds.")
        return (self._channels[fileno] for fileno, _ in events)


@contextmanager
def driving(*channels: Channel) -> Iterator[Driver]:
    """Look after channels, and close them in the end.

    Args:
        *channels: The channels.
    """
    driver = Driver()
    try:
        for channel in channels:
            driver.add(channel)
        yield driver
    finally:
        driver.close()


def play(address: tuple[str, int], scripts: Sequence[Script], seconds: float = math.inf) -> Round:
    """Play scripts, each over a connection of its own.

    Args:
        address: Where to.
        scripts: The scripts; another `play` goes on where this one ends.
        seconds: When to stop; by default the scripts end by themselves.

    Returns:
        What it came to.
    """
    channels = [HttpChannel(address, script) for script in scripts]
    with driving(*channels) as driver:
        return Round.of(channels, driver.run(seconds))
