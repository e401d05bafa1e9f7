"""Warns of what can't be kept: literal text of protected pages that another server may serve."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

import reflex as rx
from reflex_base.components.component import BaseComponent
from reflex_base.vars.base import CustomVarOperation, LiteralVar, ToOperation
from reflex_base.vars.sequence import ConcatVarOperation
from reflex_components_core.base.bare import Bare

from ..core.rules import PageRules

logger = logging.getLogger("authdemo.sessions")

_LONGEST_SAMPLE = 40
_READ_OUT = ("alt", "aria_description", "aria_label", "default_value", "placeholder", "title")
"""Attributes that people read."""


def warn_of_open_texts(app: rx.App, rules: PageRules) -> None:
    """Warn of each protected page whose text is in files that another server serves."""
    for route, page in app._pages.items():
        if rules.of_route(route) is not None:
            sample = next(texts_of(page), None)
            if sample is not None:
                logger.warning(
                    "The page %r is protected, and its text is in the built files: %r. Only the "
                    "app itself keeps them (reflex run --env prod --single-port). If another "
                    "server shall serve them, have an event handler bring the text.",
                    route,
                    sample[:_LONGEST_SAMPLE],
                )


def texts_of(component: BaseComponent) -> Iterator[str]:
    """Find the literal texts of a component: those that are shown, and those that are read out."""
    shown = [component.contents] if isinstance(component, Bare) else _read_out(component)
    for each in shown:
        yield from filter(None, (text.strip() for text in _literals(each)))
    for child in component.children:
        yield from texts_of(child)


def _read_out(component: BaseComponent) -> Iterator[Any]:
    attributes = getattr(component, "custom_attrs", {})
    for name in _READ_OUT:
        yield getattr(component, name, None)
        yield attributes.get(name.replace("_", "-"))


def _literals(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, LiteralVar):
        yield str(value._var_value)
    else:
        for piece in _pieces(value):
            yield from _literals(piece)


def _pieces(value: Any) -> Iterable[Any]:
    """Take a text apart that is put together, or that a condition chooses."""
    if isinstance(value, ConcatVarOperation):
        return value._var_value
    if isinstance(value, ToOperation):
        return (value._original,)
    if isinstance(value, CustomVarOperation) and value._name == "ternary_operation":
        return [side for name, side in value._args if name != "condition"]
    return ()
