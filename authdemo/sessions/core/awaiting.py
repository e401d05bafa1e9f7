"""Calls that have to be awaited, and say so where that was forgotten."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class PendingCall(Coroutine[Any, Any, T]):
    """A coroutine that is neither true nor false, and has nothing of its result.

    `if auth(self):` would let everybody in if it were true, as other coroutines are.
    """

    _coroutine: Coroutine[Any, Any, T]
    _call: str

    def __await__(self) -> Generator[Any, Any, T]:
        return self._coroutine.__await__()

    def send(self, value: Any, /) -> Any:
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        return self._coroutine.throw(*error)

    def close(self) -> None:
        self._coroutine.close()

    def __bool__(self) -> bool:
        raise self._forgotten()

    def __getattr__(self, name: str) -> Any:
        """Raise, but for what asyncio shows."""
        if name.startswith(("_", "cr_", "gi_", "ag_")):
            return getattr(self._coroutine, name)
        raise self._forgotten()

    def _forgotten(self) -> TypeError:
        self._coroutine.close()
        return TypeError(f"`{self._call}` is not awaited. Write `await {self._call}`.")


def must_await(method: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Have a method of `Auth` return a `PendingCall`, and explain what it can't take."""
    name = method.__name__
    call = "auth(self)" if name == "__call__" else f"auth.{name}(self, ...)"

    @wraps(method)
    def call_method(*args: P.args, **options: P.kwargs) -> PendingCall[T]:
        try:
            return PendingCall(method(*args, **options), call)
        except TypeError as error:
            raise TypeError(
                f"{error}. In an event handler, write `await {call}`. In a component, use "
                "use_session(), as in `on_click=use_session().update(name=...)`."
            ) from None

    return call_method
