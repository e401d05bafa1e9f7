"""Puts the package's own scripts, which stand beside this module, into components."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, overload

import reflex as rx
from reflex.vars import ArrayVar, BooleanVar, NumberVar, ObjectVar, StringVar, VarData

from ...core.schema import User
from ..compat import var_data

T = TypeVar("T")
Fields = TypeVar("Fields", bound=Mapping[str, Any] | User)

Need: TypeAlias = VarData | rx.Var[object] | None


@cache
def _folder() -> str:
    """Hand all scripts to the build, since they import each other, and find where they are.

    Reflex looks through all modules for each frame of an import that calls `rx.asset`. The stack
    of a thread has none of them.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(copy_context().run, _link).result()


def _link() -> str:
    paths = [rx.asset(file.name, shared=True) for file in Path(__file__).parent.glob("*.js")]
    return str(Path(paths[0]).parent)


def library(script: str) -> str:
    """Name one of the package's scripts, for a component of it."""
    return f"$/public{_folder()}/{script}"


def imported(script: str, name: str, alias: str | None = None) -> VarData:
    """Import a name from one of the package's scripts."""
    return VarData(imports={library(script): [rx.ImportVar(tag=name, alias=alias)]})


def hook(line: str, *needs: Need) -> VarData | None:
    """Call a React hook in the component, by a line of JavaScript."""
    return VarData.merge(*map(_data, needs), VarData(hooks={line: None}))


def script(expression: str, *needs: Need) -> rx.Var[object]:
    """Make a var from a function, or an element, of JavaScript."""
    return rx.Var(expression, _var_data=VarData.merge(*map(_data, needs)))


@overload
def var(expression: str, kind: type[str], *needs: Need) -> StringVar[str]: ...
@overload
def var(expression: str, kind: type[bool], *needs: Need) -> BooleanVar: ...
@overload
def var(expression: str, kind: type[int], *needs: Need) -> NumberVar[int]: ...
@overload
def var(expression: str, kind: type[list[T]], *needs: Need) -> ArrayVar[list[T]]: ...
@overload
def var(expression: str, kind: type[Fields], *needs: Need) -> ObjectVar[Fields]: ...
def var(expression: str, kind: Any, *needs: Need) -> Any:
    """Make a var from an expression of JavaScript, its type, and what it needs."""
    data = VarData.merge(*map(_data, needs))
    return rx.Var(expression, _var_type=kind, _var_data=data).guess_type()


def _data(need: Need) -> VarData | None:
    return var_data(need) if isinstance(need, rx.Var) else need
