"""Failures counted in memory, for an app that runs as one process."""

from __future__ import annotations

from collections import OrderedDict, deque

_MOST_KEYS = 100_000
_MOST_TIMES = 100_000


class Failures:
    """When what failed, as far as it matters; bounded, so that attackers can't fill the memory."""

    def __init__(self) -> None:
        """Begin with none."""
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._expires: dict[str, float] = {}

    def add(self, key: str, at: float, expires: float) -> None:
        """Remember a failure; the key that failed longest ago makes room."""
        self._times.setdefault(key, deque(maxlen=_MOST_TIMES)).append(at)
        self._times.move_to_end(key)
        self._expires[key] = expires
        if len(self._times) > _MOST_KEYS:
            self._drop(next(iter(self._times)))

    def after(self, key: str, since: float) -> list[float]:
        """List a key's failures after a moment, oldest first."""
        return sorted(at for at in self._times.get(key, ()) if at > since)

    def forget(self, now: float) -> None:
        """Forget the keys that have not failed for long enough."""
        for key in [key for key, expires in self._expires.items() if expires <= now]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        del self._times[key], self._expires[key]
