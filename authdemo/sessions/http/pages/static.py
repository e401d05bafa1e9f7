"""Built pages that another server serves: in the default language, and without a session."""

from __future__ import annotations

import re
from pathlib import Path

from ...core.locales import DEFAULT, Locales
from .render import PLACEHOLDER, TEXT, Translation, fill_texts

TEMPLATE_ID = "locale-template"
"""The id of the element with a page's body as it was built."""

_BODY = re.compile(r"(<body\b[^>]*>)")


def localize_files(folder: Path, locales: Locales) -> None:
    """Write the default language's texts into the built pages.

    What was built stays in a template, from which `i18n.js` takes another language's texts.
    """
    translation = Translation(DEFAULT, locales.texts(DEFAULT))
    for file in folder.rglob("*.html"):
        built = PLACEHOLDER.sub("", file.read_text("utf-8"))
        head, tag, body = _BODY.split(built, maxsplit=1)
        if TEXT.search(body):
            tag += f'<template id="{TEMPLATE_ID}">{body.partition("</body>")[0]}</template>'
        page = fill_texts(head, translation) + tag + fill_texts(body, translation)
        file.write_text(page, "utf-8")
