"""Attempts counted in memory, for an app that runs as one process."""

from __future__ import annotations

from collections import OrderedDict

from ..core.store import Attempt

_MOST_KEYS = 100_000


class SlidingWindow:
    """What was tried when, as far as it matters; bounded, so that nobody can fill the memory."""

    def __init__(self) -> None:
        """Begin with none."""
        self._begun: OrderedDict[str, dict[str, Attempt]] = OrderedDict()
        self._expires: dict[str, float] = {}

    def begin(
        self, key: str, attempt: str, *, at: float, window: float, most: int
    ) -> list[Attempt] | None:
        """Count an attempt if it may begin; the key that was tried longest ago makes room."""
        counted = self._after(key, at - window)
        if len(counted) >= most:
            return sorted(counted.values())
        self._begun[key] = counted | {attempt: Attempt(at, is_over=False)}
        self._begun.move_to_end(key)
        self._expires[key] = at + window
        if len(self._begun) > _MOST_KEYS:
            self._drop(next(iter(self._begun)))
        return None

    def end(self, key: str, attempt: str, *, failed: bool) -> None:
        """Go on counting an attempt that failed, and no other."""
        counted = self._begun.get(key, {})
        begun = counted.get(attempt)
        if begun is None or begun.is_over:
            return
        if failed:
            counted[attempt] = begun._replace(is_over=True)
            return
        del counted[attempt]
        if not counted:
            self._drop(key)

    def forget(self, now: float) -> None:
        """Forget the keys that have not been tried for long enough."""
        for key in [key for key, expires in self._expires.items() if expires <= now]:
            self._drop(key)

    def _after(self, key: str, since: float) -> dict[str, Attempt]:
        begun = self._begun.get(key, {})
        return {attempt: each for attempt, each in begun.items() if each.at > since}

    def _drop(self, key: str) -> None:
        del self._begun[key], self._expires[key]
