"""The security model and the ASVS checklist name the test behind each row, and each exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "docs" / name for name in ("security-model.md", "asvs.md")]
PAGE = "\n".join(page.read_text() for page in PAGES)
NAMES = sorted(set(re.findall(r"`(tests/[\w/]+\.py(?:::\w+)*)`", PAGE)))


def test_every_row_names_a_test_or_a_reason() -> None:
    rows = re.findall(r"^\| (?!promise|row|-)(.+) \|$", PAGE, re.MULTILINE)
    assert len(rows) > 20
    unproven = [row for row in rows if "`tests/" not in row]
    reasons = ("does not apply", "not implemented: ")
    assert [row for row in unproven if not any(reason in row for reason in reasons)] == []


def test_no_row_claims_a_range_of_numbers() -> None:
    assert re.findall(r"\d+(?:\.\d+)+ (?:to|–|-) \d+(?:\.\d+)*", PAGE) == []


@cache
def body_of(path: str) -> list[ast.stmt]:
    return ast.parse((ROOT / path).read_text()).body


def exists(name: str) -> bool:
    path, *inside = name.split("::")
    body = body_of(path)
    for part in inside:
        found = [node for node in body if getattr(node, "name", None) == part]
        if not found:
            return False
        body = getattr(found[0], "body", [])
    return True


def test_named_tests_exist() -> None:
    assert [name for name in NAMES if not exists(name)] == []
