"""One spelling for texts that are the same to people."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Spell a text without letter case and width, to compare it (Unicode: NFKC_Casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
