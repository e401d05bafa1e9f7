"""Reads the pages of the documentation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.support.server import ROOT

GUIDES = ROOT / "docs" / "guides"
ABOUT = [ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md")]
PAGES = sorted([*ABOUT, *(ROOT / "docs").rglob("*.md")])

_parser = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True)
class Block:
    """A fenced block of code.

    Attributes:
        page: Where it stands.
        line: The number of its first line.
        language: What it is written in.
        attributes: What its fence says beside that, like `quote=…` or `file=…`.
        code: Its text.
    """

    page: Path
    line: int
    language: str
    attributes: dict[str, str]
    code: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path, *languages: str) -> list[Block]:
    """List a page's blocks of some languages."""
    found = (_block(page, token) for token in _tokens(page) if token.type == "fence")
    return [block for block in found if block.language in languages]


def links(page: Path) -> list[str]:
    """List where a page's links and pictures lead."""
    inline = [child for token in _tokens(page) for child in token.children or ()]
    targets = (token.attrs.get("href") or token.attrs.get("src") for token in inline)
    return [str(target) for target in targets if target]


def headings(page: Path) -> Iterator[str]:
    """Name a page's headings as links to them do."""
    tokens = _tokens(page)
    for opening, text in pairwise(tokens):
        if opening.type == "heading_open":
            plain = "".join(c for c in text.content.lower() if c.isalnum() or c in " -_")
            yield plain.replace(" ", "-")


def _tokens(page: Path) -> list[Token]:
    return _parser.parse(page.read_text())


def _block(page: Path, token: Token) -> Block:
    language, *rest = token.info.split() or [""]
    assert token.map is not None
    named = dict(fact.split("=", 1) for fact in rest)
    return Block(page, token.map[0] + 1, language, named, token.content)
