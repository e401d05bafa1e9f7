"""What a test starts: found in the code that it and its fixtures reach."""

from __future__ import annotations

import dis
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest
from _pytest.fixtures import FixtureFunctionDefinition

from tests.support.server import ROOT

STARTERS = {
    "authdemo.testing.server.serving": "build",
    "mkdocs.commands.build.build": "build",
    "playwright.sync_api.sync_playwright": "browser",
    "subprocess.Popen": "server",
    "tests.adoption.conftest.adopted": "build",
    "tests.launch.conftest.built_project": "build",
    "tests.support.apps.installed": "build",
    "tests.support.development.served": "build",
    "tests.testing.test_fixtures.run": "server",
}
KINDS = ("build", "browser", "server")
"""In the order in which their tests run, so that two workers end at the same time."""
LONG = ("soak", "audit", "speed")
OWN_CODE = ("authdemo.testing", "benchmarks", "tests")
NAMED_AT_RUN_TIME = ("redis", "postgresql")
"""Fixtures that tests get by `getfixturevalue`, if the test's parameters name them."""


def mark(items: list[pytest.Item]) -> None:
    """Mark tests by what they start; those that start nothing are `quick`."""
    for item in filter(_is_function, items):
        kinds = kinds_of(item)
        for kind in kinds:
            item.add_marker(kind)
        if not kinds and not any(map(item.get_closest_marker, LONG)):
            item.add_marker("quick")


def sort(items: list[pytest.Item]) -> None:
    """Put the groups that take longest first."""
    rank: dict[str, int] = {}
    for item in items:
        own = next((n for n, kind in enumerate(KINDS) if item.get_closest_marker(kind)), len(KINDS))
        name = group(item.nodeid)
        rank[name] = min(own, rank.get(name, own))
    items.sort(key=lambda item: rank[group(item.nodeid)])


def group(nodeid: str) -> str:
    """Name what stays together on a worker: a file, or the files that share a build."""
    path = Path(nodeid.partition("::")[0])
    return str(path.parent if _shares_build(path.parent) else path)


@cache
def _shares_build(folder: Path) -> bool:
    if not (ROOT / folder / "conftest.py").exists():
        return False
    fixtures = vars(import_module(".".join((*folder.parts, "conftest")))).values()
    return any(
        fixture._fixture_function_marker.scope in ("package", "session")
        and "build" in reached(fixture._get_wrapped_function())
        for fixture in fixtures
        if isinstance(fixture, FixtureFunctionDefinition)
    )


def kinds_of(item: Any) -> set[str]:
    """List what a test starts."""
    functions = [definition.func for definition in _fixtures(item)]
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    given = [parameter for parameter in parameters if isinstance(parameter, FunctionType)]
    return set().union(*map(reached, [item.obj, *functions, *given]))


@cache
def reached(function: Callable[..., Any]) -> frozenset[str]:
    """List what a function starts, itself or through those that it names."""
    seen: set[Any] = set()
    waiting: list[Any] = [_unwrapped(function)]
    while waiting:
        each = waiting.pop()
        if each is not None and each not in seen:
            seen.add(each)
            waiting.extend(_named_in(each))
    return frozenset(STARTERS[name] for name in map(_name, seen) if name in STARTERS)


@cache
def _named_in(thing: Any) -> tuple[Any, ...]:
    return tuple(_find_named(thing))


def _find_named(thing: Any) -> Iterator[Any]:
    if not str(thing.__module__).startswith(OWN_CODE):
        return
    if isinstance(thing, type):
        members = (member for base in thing.__mro__ for member in vars(base).values())
        yield from map(_unwrapped, members)
        return
    for code in _codes(thing.__code__):
        for load, following in pairwise(dis.get_instructions(code)):
            if load.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                yield _unwrapped(_loaded(thing.__globals__.get(load.argval), following.argval))


def _loaded(value: Any, attribute: Any) -> Any:
    return vars(value).get(attribute) if isinstance(value, ModuleType) else value


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _unwrapped(thing: Any) -> Any:
    """Find the class or the function behind decorators, methods and fixtures, if it is one."""
    if isinstance(thing, property):
        thing = thing.fget
    thing = inspect.unwrap(thing) if callable(thing) else getattr(thing, "__func__", thing)
    thing = getattr(getattr(thing, "hypothesis", None), "inner_test", thing)
    thing = getattr(thing, "__func__", thing)
    return thing if isinstance(thing, type | FunctionType) else None


def _name(thing: Any) -> str:
    return f"{thing.__module__}.{thing.__qualname__}"


def _fixtures(item: Any) -> list[Any]:
    """List the definitions of a test's fixtures."""
    by_name = dict(item._fixtureinfo.name2fixturedefs)
    is_asking = "request" in item.fixturenames and hasattr(item, "callspec")
    for name in NAMED_AT_RUN_TIME:
        if is_asking and name in item.callspec.id:
            by_name[name] = item.session._fixturemanager.getfixturedefs(name, item) or ()
    return [definition for own in by_name.values() for definition in own[-1:]]


def _is_function(item: pytest.Item) -> bool:
    return isinstance(item, pytest.Function)
