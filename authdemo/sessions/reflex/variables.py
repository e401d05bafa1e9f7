"""How the package's own scripts get into a component."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData


def imported(script: str, name: str, alias: str | None = None) -> VarData:
    """Import a name from one of the package's scripts.

    Args:
        script: The script, as it is found in the build.
        name: What it exports.
        alias: What to call it.

    Returns:
        What a var has to carry.
    """
    return VarData(imports={"$/public" + script: [ImportVar(tag=name, alias=alias)]})


def var(expression: str, kind: Any, *data: VarData | None) -> Any:
    """Make a var from an expression of JavaScript.

    Args:
        expression: The expression.
        kind: The type of its value.
        *data: What its names need.

    Returns:
        The var.
    """
    return rx.Var(expression, _var_type=kind, _var_data=VarData.merge(*data)).guess_type()
