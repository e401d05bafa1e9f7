"""Texts in components: written once for each language, filled in by the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.event import EventSpec
from reflex.vars import StringVar

from ...core.errors import ErrorDict
from ...core.locales import Locales
from .assets import hook, imported, script, var

MODULE = Path("utils/locales.js")
"""Where the build finds the texts for pages that another server serves."""


def t(key: str, **values: object) -> StringVar[str]:
    """Translate a text into the visitor's language.

    Args:
        key: Its key in the catalogs, like `"home.title"`.
        **values: What goes into its `{placeholders}`; may be vars.
    """
    filled = rx.Var.create(values)
    arguments = f'"{key}", {filled!s}' if values else f'"{key}"'
    return var(f"translate({arguments})", str, filled, imported("i18n.js", "t", "translate"))


def t_dynamic(area: str, name: rx.Var[str], otherwise: str = "") -> StringVar[str]:
    """Translate a text whose key is only known in the browser.

    Args:
        area: The first part of its key.
        name: A var with the rest of it.
        otherwise: The rest of the key to use if the catalogs don't know it; without
            one the name stands for itself.
    """
    arguments = f'"{area}", {name!s}, "{otherwise}"'
    return var(f"tDynamic({arguments})", str, name, imported("i18n.js", "tDynamic"))


def explain(error: rx.Var[ErrorDict]) -> StringVar[str]:
    """Explain an error, as `AuthError.to_dict` describes it, in the visitor's language."""
    return var(f"explain({error!s})", str, error, imported("i18n.js", "explain"))


def live_text(text: str | rx.Var[str]) -> str | rx.Var[object]:
    """Show a text that changes while its page is open, in an element that is replaced whole.

    A browser that translates a page replaces its text nodes, and React must not look for those.
    The result is an element's child; an attribute takes the text itself.
    """
    if isinstance(text, str):
        return text
    return script(f"liveText({text!s})", text, imported("i18n.js", "liveText"))


def relative_time(moment: rx.Var[Any]) -> rx.Component:
    """Show how long ago a moment was, or how soon it is, and exactly as the visitor writes it.

    It keeps itself current.

    Args:
        moment: In ISO 8601, or in seconds since 1970.
    """
    made = script(f"relativeTime({moment!s})", moment, imported("time.js", "relativeTime"))
    shown: rx.Component = rx.el.span(made, custom_attrs=verbatim())
    return shown


def verbatim() -> dict[str, str]:
    """Keep browsers from translating an element (names, ids, code): its `custom_attrs`."""
    return {"translate": "no"}


def current_language() -> StringVar[str]:
    """Read the visitor's language: a var that is empty until the page is live."""
    call = hook("const language = useLanguage()", imported("i18n.js", "useLanguage"))
    return var("language", str, call)


def set_language(language: str) -> EventSpec:
    """Show the app in another of its languages: what a button's `on_click` takes."""
    change = imported("i18n.js", "setLanguage")
    return rx.call_function(script(f'() => setLanguage("{language}")', change))


def locales_module(locales: Locales, *, is_complete: bool) -> str:
    """Write the script with all texts, for pages that another server serves.

    Our own server gives each page its texts.
    """
    texts = {name: dict(locales.texts(name)) for name in locales.languages} if is_complete else None
    return f"export default {json.dumps(texts)};\n"
