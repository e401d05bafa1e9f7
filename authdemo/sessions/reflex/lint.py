"""Warns of what can't be kept: literal text of protected pages that another server may serve."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import reflex as rx

from ..core.rules import PageRules
from .compat import Bare, compiled_pages_of, get_config, literal_texts, make_default_page_title

logger = logging.getLogger("authdemo.sessions")

_MAX_SAMPLE = 40
_UNSEEN = ("script", "style")
_READ_OUT = ("alt", "aria_description", "aria_label", "default_value", "placeholder", "title")
"""Attributes that screen readers and browsers show."""


def warn_of_open_texts(app: rx.App, rules: PageRules) -> None:
    """Warn of each protected page whose text is in files that another server serves."""
    for route, page in compiled_pages_of(app).items():
        if rules.of_route(route) is not None:
            title = make_default_page_title(get_config().app_name, route)
            sample = next((text for text in literal_texts_of(page) if text != title), None)
            if sample is not None:
                logger.warning(
                    "The page %r is protected, and its text is in the built files: %r. Only the "
                    "app itself withholds them (python -m authdemo.serve, or reflex run --env prod "
                    "--single-port). If another server has to serve them, have an event handler "
                    "bring the text.",
                    route,
                    sample[:_MAX_SAMPLE],
                )


def literal_texts_of(component: Any) -> Iterator[str]:
    """Find the literal texts of a component: its content and its attributes."""
    if component.tag in _UNSEEN:
        return
    shown = [component.contents] if isinstance(component, Bare) else _read_out(component)
    for each in shown:
        yield from filter(None, (text.strip() for text in literal_texts(each)))
    for child in component.children:
        yield from literal_texts_of(child)


def _read_out(component: Any) -> Iterator[Any]:
    attributes = getattr(component, "custom_attrs", {})
    for name in _READ_OUT:
        yield getattr(component, name, None)
        yield attributes.get(name.replace("_", "-"))
