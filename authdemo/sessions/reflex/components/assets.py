"""How the package's own scripts, which stand beside this module, get into components."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData


@cache
def _folder() -> str:
    """Hand all scripts to the build, since they import each other, and tell where they are."""
    paths = [rx.asset(file.name, shared=True) for file in Path(__file__).parent.glob("*.js")]
    return str(Path(paths[0]).parent)


def imported(script: str, name: str, alias: str | None = None) -> VarData:
    """Import a name from one of the package's scripts."""
    where = f"$/public{_folder()}/{script}"
    return VarData(imports={where: [ImportVar(tag=name, alias=alias)]})


def var(expression: str, kind: Any, *data: VarData | None) -> Any:
    """Make a var from an expression of JavaScript."""
    return rx.Var(expression, _var_type=kind, _var_data=VarData.merge(*data)).guess_type()
