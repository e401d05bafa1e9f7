"""The reference says what the docstrings say, and the changelog what the version is."""

from __future__ import annotations

import builtins
import re

import httpx
import pytest

from authdemo import __version__, accounts, sessions, testing
from docs import make_reference
from docs.make_reference import ERRORS, INTERNAL, PAGE, TESTING, reference
from tests.support.server import ROOT


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "make reference"


def test_every_public_name_is_in_the_reference_and_says_what_it_is() -> None:
    page = PAGE.read_text()
    for name in (*sessions.__all__, *accounts.__all__, *testing.__all__):
        heading = re.search(rf"^### `{name}\b[^\n]*\n\n(.*)", page, re.MULTILINE)
        assert heading, name
        assert heading[1][:1].isupper(), name


def test_every_documented_error_can_be_imported() -> None:
    raised = set(re.findall(r"^- `(\w+)`: If ", PAGE.read_text(), re.MULTILINE))
    offered = {*sessions.__all__, *accounts.__all__, *vars(builtins), *vars(httpx)}
    assert "StoreUnavailable" in raised
    assert raised <= offered


def names_in(chapter: str) -> set[str]:
    """The names that a chapter of the page has."""
    text = PAGE.read_text().split(f"\n## {chapter}\n")[1].split("\n## ")[0]
    return set(re.findall(r"^### `(\w+)", text, re.MULTILINE))


def test_every_public_name_is_in_its_chapter() -> None:
    offered = {name: getattr(sessions, name) for name in sessions.__all__}
    offered |= {name: getattr(accounts, name) for name in accounts.__all__}
    errors = {
        name
        for name, thing in offered.items()
        if isinstance(thing, type) and issubclass(thing, Exception)
    }
    assert names_in(ERRORS) == errors
    assert names_in("Accounts") == {*accounts.__all__} - errors
    assert names_in(TESTING) == {*testing.__all__}


def test_a_name_that_is_in_no_chapter_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    others = tuple(name for name in make_reference.CHAPTERS["Guards"] if name != "Session")
    monkeypatch.setitem(make_reference.CHAPTERS, "Guards", others)
    with pytest.raises(ValueError, match="in no chapter: Session\\."):
        reference()


def test_what_only_the_package_calls_is_left_out() -> None:
    page = PAGE.read_text()
    for name, methods in INTERNAL.items():
        for method in methods:
            assert hasattr(getattr(sessions, name), method), method
            assert f"#### `{name}.{method}(" not in page


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.findall(
        r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest[0] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
