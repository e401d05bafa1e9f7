"""Texts in the visitor's language; the package's own texts are the files beside this module."""

from __future__ import annotations

from ..core.locales import add_locales
from ..reflex.components.i18n import (
    current_language,
    explain,
    live_text,
    relative_time,
    set_language,
    t,
    t_dynamic,
    verbatim,
)

__all__ = [
    "add_locales",
    "current_language",
    "explain",
    "live_text",
    "relative_time",
    "set_language",
    "t",
    "t_dynamic",
    "verbatim",
]
