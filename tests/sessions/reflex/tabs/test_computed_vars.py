"""Which computed vars read the session, as their code says before they run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, wraps
from pathlib import Path
from typing import Any

import pytest
import reflex as rx
from reflex_base.registry import RegistrationContext

from authdemo.sessions import Auth, ConfigurationError, Credentials, Settings
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.reflex import installed
from authdemo.sessions.reflex.tabs import computed_vars
from authdemo.sessions.reflex.tabs.state import SessionState

SETTINGS = Settings(keys=KeyRing(["a secret of 32 bytes, or even more"]), data_dir=Path("unused"))

auth = Auth[Any](providers=[Credentials(authorize=lambda _: None)], settings=SETTINGS)
current = auth.current


def helper() -> object:
    return current()


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


by_partial = partial(helper)


@pytest.fixture(autouse=True)
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The sessions of a running app, and states of its own."""
    monkeypatch.setattr(installed, "_installed", [auth])
    with RegistrationContext.ensure_context().fork():
        yield


def test_vars_depend_on_the_session_if_their_code_names_it() -> None:  # noqa: C901
    local = auth

    class Badge(rx.State):
        @rx.var
        async def verified(self) -> bool:
            return await auth(self) is not None

        @rx.var
        def by_function(self) -> bool:
            return helper() is not None

        @rx.var
        def by_partial(self) -> bool:
            return by_partial() is not None

        @rx.var
        def by_closure(self) -> bool:
            return local.current() is not None

        @rx.var
        def by_generator(self) -> bool:
            return any(auth.current() for _ in range(1))

        @rx.var
        def by_property(self) -> bool:
            return self._is_member

        @rx.var
        def by_class(self) -> bool:
            return Auth.installed().current() is not None

        @rx.var
        @decorated
        def by_decorator(self) -> bool:
            return auth.current() is not None

        @property
        def _is_member(self) -> bool:
            return auth.current() is not None

        @rx.var
        def unrelated(self) -> bool:
            return bool(decorated)

    computed_vars.follow_session()
    followers = {name for state, name in SessionState._var_dependencies["view"] if "badge" in state}
    assert followers == set(Badge.computed_vars) - {"unrelated"}


def test_cached_var_of_a_shared_state_rejects_the_session() -> None:
    class Board(rx.SharedState):
        @rx.var
        def reader(self) -> bool:
            return auth.current() is not None

    with pytest.raises(ConfigurationError, match=r"Board\.reader reads .*@rx\.var\(cache=False\)"):
        computed_vars.follow_session()


def test_uncached_var_of_a_shared_state_may_read_the_session() -> None:
    class Board(rx.SharedState):
        @rx.var(cache=False)
        def reader(self) -> bool:
            return auth.current() is not None

    computed_vars.follow_session()
