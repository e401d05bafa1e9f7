"""Checks of what an app passes to `Auth` and its providers."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import get_args, get_origin, get_type_hints

from typing_extensions import is_protocol

from .errors import ConfigurationError

_MAX_SHOWN = 64


def check_kind(name: str, value: object, kind: type, takes: str) -> None:
    if not isinstance(value, kind):
        raise ConfigurationError(f"{name} takes {takes}, not {shown(value)}.")


def check_subclass(name: str, value: object, base: type) -> None:
    if not (isinstance(value, type) and issubclass(value, base)):
        ours = base.__name__
        raise ConfigurationError(
            f"{name} takes the class {ours} or a subclass of it, not {shown(value)}."
        )


def check_function(
    name: str, function: object, *given: str, keywords: Iterable[str] = (), optional: bool = False
) -> None:
    """Check that an argument is a function that takes certain arguments.

    A function without a readable signature, as some in C, is accepted.
    """
    if optional and function is None:
        return
    if not callable(function):
        raise ConfigurationError(f"{name} takes a function, not {shown(function)}.")
    try:
        signature = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    named = dict.fromkeys(keywords)
    try:
        signature.bind(*given, **named)
    except TypeError as error:
        called = ", ".join((*given, *(f"{each}=..." for each in named)))
        rest = " Name them all, or take the rest by **_." if named else ""
        title = getattr(function, "__name__", type(function).__name__)
        raise ConfigurationError(
            f"{name} is called with ({called}), which {title}{signature} can't take: {error}.{rest}"
        ) from error


def check_functions(owner: object) -> None:
    """Check that the functions in an object's fields take the keywords of their protocols."""
    for name, hint in get_type_hints(type(owner)).items():
        optional = get_args(hint)[0]
        protocol = get_origin(optional) or optional
        if is_protocol(protocol):
            _, *keywords = inspect.signature(protocol.__call__).parameters
            title = f"{type(owner).__name__}({name}=...)"
            check_function(title, getattr(owner, name), keywords=keywords, optional=True)


def location(function: object) -> str:
    """Name the file and the line of a function of the app."""
    plain = inspect.unwrap(getattr(function, "func", function))  # type: ignore[arg-type]
    code = getattr(plain, "__code__", None) or getattr(type(plain).__call__, "__code__", None)
    return f"{code.co_filename}, line {code.co_firstlineno}" if code else repr(plain)


def shown(value: object) -> str:
    """Describe a value in a few words."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, str | int | float):
        text = repr(value)
        return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 3] + "..."
    return f"an instance of {type(value).__name__}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Write a sentence that names what is known and closest to a name, if anything is close."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
