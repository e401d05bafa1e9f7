"""Texts in components: written once for each language, put in by the server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import reflex as rx
from reflex.vars import VarData

from ...core.locales import Locales
from .assets import imported, var

MODULE = Path("utils/words.js")
"""Where the build finds the texts while the app is being developed."""


def word(key: str, **values: Any) -> Any:
    """Say a text in the visitor's language.

    Args:
        key: Its name in the catalogs, like `"home.title"`.
        **values: What goes into its `{placeholders}`; may be vars.

    Returns:
        A var that holds a text. The server's HTML has it already.
    """
    filled: Any = rx.Var.create(values)
    arguments = f'"{key}", {filled!s}' if values else f'"{key}"'
    return _call("word", arguments, filled)


def word_of(area: str, name: Any, otherwise: str = "") -> Any:
    """Say a text whose key is only known in the browser.

    Args:
        area: The first part of its key.
        name: A var with the rest of it.
        otherwise: The rest of the key to use if the catalogs don't know it; without
            one the name stands for itself.

    Returns:
        A var that holds a text.
    """
    return _call("wordOf", f'"{area}", {name!s}, "{otherwise}"', name)


def explain(error: Any) -> Any:
    """Say what an error means, in the visitor's language.

    Args:
        error: A var with what `AuthError.to_dict` gave, or an empty object.

    Returns:
        A var that holds a text; empty if there is no error.
    """
    return _call("explain", str(error), error)


def live_text(text: Any) -> Any:
    """Show a text that changes while its page is open, in an element that is replaced whole.

    A browser that translates a page replaces its text nodes, and React must not look for those.

    Args:
        text: A var with the text.

    Returns:
        What an element takes as a child; an attribute takes the text itself.
    """
    return var(f"liveText({text!s})", Any, text._get_all_var_data(), _imported("liveText"))


def verbatim() -> dict[str, Any]:
    """Keep what an element holds from being translated: names, ids, revisions, code.

    Returns:
        An element's `custom_attrs`; a new one each time, since Reflex adds others to it.
    """
    return {"translate": "no"}


def current_language() -> Any:
    """Tell which language the visitor reads.

    Returns:
        A var; empty until the page is live.
    """
    hook = VarData(hooks={"const language = useLanguage()": None})
    return var("language", str, _imported("useLanguage"), hook)


def speak(language: str) -> Any:
    """Read on in another language.

    Args:
        language: One of the app's languages.

    Returns:
        What a button's `on_click` takes.
    """
    return rx.call_function(var(f'() => speak("{language}")', Any, _imported("speak")))


def development_module(words: Locales) -> str:
    """Write the script with all texts that a development server needs.

    A production build drops them: there the server gives each page its own.
    """
    texts: Mapping[str, Any] = {name: dict(words.texts(name)) for name in words.languages}
    return f"export default import.meta.env.DEV ? {json.dumps(texts)} : null;\n"


def _call(function: str, arguments: str, *carriers: Any) -> Any:
    data = (carrier._get_all_var_data() for carrier in carriers)
    return var(f"{function}({arguments})", str, *data, _imported(function))


def _imported(name: str) -> Any:
    return imported("words.js", name)
