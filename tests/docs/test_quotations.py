"""What the pages quote from a file is in that file; every other block of Python is run."""

from __future__ import annotations

import pytest

from tests.docs.markdown import PAGES, Block, blocks
from tests.support.server import ROOT

PYTHON = [block for page in PAGES for block in blocks(page, "python")]
OTHERS = [block for page in PAGES for block in blocks(page, "caddy", "dockerfile", "yaml")]
QUOTATIONS = [block for block in PYTHON + OTHERS if "quote" in block.attributes]
LEFT_OUT = "..."


def pieces(lines: list[str]) -> list[list[str]]:
    """Part a quotation where it leaves lines out."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line == LEFT_OUT:
            found.append([])
        else:
            found[-1].append(line)
    return [piece for piece in found if piece]


def stripped(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def place_of(piece: list[str], lines: list[str], start: int) -> int | None:
    """Find where a piece begins, at or after a line."""
    starts = range(start, len(lines) - len(piece) + 1)
    return next((at for at in starts if lines[at : at + len(piece)] == piece), None)


@pytest.mark.parametrize("block", QUOTATIONS, ids=str)
def test_a_quotation_is_in_its_file(block: Block) -> None:
    lines, at = stripped((ROOT / block.attributes["quote"]).read_text()), 0
    for piece in pieces(stripped(block.code)):
        found = place_of(piece, lines, at)
        assert found is not None, (
            f"{block.attributes['quote']} doesn't hold, in this order: {piece}"
        )
        at = found + len(piece)


def test_every_block_of_python_says_where_it_belongs() -> None:
    ways = {"quote", "file", "append"}
    assert len(QUOTATIONS) > 10
    assert [str(block) for block in PYTHON if len(ways & block.attributes.keys()) != 1] == []


def test_only_guides_have_code_of_their_own() -> None:
    own = [block for block in PYTHON if "quote" not in block.attributes]
    assert [str(block) for block in own if block.page.parent.name != "guides"] == []
