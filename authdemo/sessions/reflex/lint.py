"""Warns of what can't be kept: literal text of protected pages that another server may serve."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import reflex as rx
from reflex_base.components.component import BaseComponent
from reflex_base.vars.base import LiteralVar
from reflex_components_core.base.bare import Bare

from ..core.guard import PageRules

logger = logging.getLogger("authdemo.sessions")

_LONGEST_SAMPLE = 40


def warn_of_open_texts(app: rx.App, rules: PageRules) -> None:
    """Warn of each protected page whose text is in files that are exported.

    Args:
        app: The app, whose pages have just been built.
        rules: Which pages are for whom.
    """
    for route, page in app._pages.items():
        if rules.of(f"/{route.removeprefix('index')}".casefold()) is not None:
            sample = next(texts_of(page), None)
            if sample is not None:
                logger.warning(
                    "The page %r is protected, and its text is in the exported files: %r. Only the "
                    "app itself keeps them (reflex run --env prod --single-port). If another "
                    "server shall serve them, have an event handler bring the text.",
                    route,
                    sample[:_LONGEST_SAMPLE],
                )


def texts_of(component: BaseComponent) -> Iterator[str]:
    """Find the literal texts of a component.

    Args:
        component: The component, with all that it holds.

    Yields:
        Each text.
    """
    if isinstance(component, Bare) and isinstance(component.contents, LiteralVar):
        text = str(component.contents._var_value).strip()
        if text:
            yield text
    for child in component.children:
        yield from texts_of(child)
