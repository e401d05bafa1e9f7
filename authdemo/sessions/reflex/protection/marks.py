"""What `protected` and `public` leave on a thing, and that it is not lost on the way."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeGuard, TypeVar

from reflex.state import BaseState
from reflex.utils.exceptions import ReflexRuntimeError
from reflex_base.registry import RegistrationContext
from reflex_base.vars.base import ComputedVar, Field

from ...core.errors import ConfigurationError
from ...core.guard import Rule
from .plugged_in import check_plugged_in

NOT_MARKED = object()

_MARK = "auth_rule"

Thing = TypeVar("Thing")


def mark(thing: Thing, rule: Rule | None) -> Thing:
    """Mark something.

    Args:
        thing: A page function, an event handler, a state, a field or a computed var.
        rule: Who may have it; None for everybody.

    Returns:
        What to put in its place.

    Raises:
        ConfigurationError: If it is nothing that could be protected, or nobody would keep it.
    """
    check_plugged_in()
    if isinstance(thing, ComputedVar):
        setattr(thing.fget, _MARK, rule)
    elif isinstance(thing, Field) or inspect.isfunction(thing) or _is_state(thing):
        setattr(thing, _MARK, rule)
    else:
        raise ConfigurationError(
            "A page function, an event handler, a state, a field made by rx.field or a "
            f"computed var can be protected or public, not {thing!r}."
        )
    return _watched(thing) if rule is not None and _is_page(thing) else thing  # type: ignore[return-value]


def mark_of(thing: object) -> Any:
    """Find the rule that something is marked with.

    Args:
        thing: Anything.

    Returns:
        The rule, None if it is for everybody, or `NOT_MARKED`.
    """
    return getattr(thing, _MARK, NOT_MARKED)


def _is_state(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, BaseState)


def _is_page(thing: object) -> TypeGuard[Callable[..., Any]]:
    """Tell a page function from an event handler, which can't be called without its state."""
    return inspect.isfunction(thing) and all(
        each.default is not each.empty or each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        for each in inspect.signature(thing).parameters.values()
    )


def _watched(page: Callable[..., Any]) -> Callable[..., Any]:
    """Let a page be shown only where its mark is seen.

    A function around it, such as a `lambda` or a decorator of the app, has no mark, and what
    it shows would be open to everybody.
    """

    @functools.wraps(page)
    def shown(*args: Any, **kwargs: Any) -> Any:
        if not _is_added(page):
            raise ConfigurationError(
                f"{page.__qualname__} is protected, but a page without that mark shows it. Mark "
                "what add_page or rx.page gets: the outermost function, and not what it returns."
            )
        return page(*args, **kwargs)

    return shown


def _is_added(page: Callable[..., Any]) -> bool:
    """Tell whether the app has a page of which this is the function; without an app any may be."""
    try:
        app = RegistrationContext.get().app
    except (LookupError, ReflexRuntimeError):
        return True
    return any(
        callable(added.component) and inspect.unwrap(added.component) is page
        for added in app._unevaluated_pages.values()
    )
