"""The reference says what the docstrings say, and the changelog what the version is."""

from __future__ import annotations

import re

from authdemo import __version__, sessions
from authdemo.sessions import testing
from docs.make_reference import PAGE, reference
from tests.support.server import ROOT


def test_the_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(), "make reference"


def test_every_public_name_is_in_the_reference_and_says_what_it_is() -> None:
    page = PAGE.read_text()
    for name in (*sessions.__all__, *testing.__all__):
        heading = re.search(rf"^### `{name}\b[^\n]*\n\n(.*)", page, re.MULTILINE)
        assert heading, name
        assert heading[1][:1].isupper(), name


def test_the_changelog_begins_with_this_version() -> None:
    newest = re.findall(
        r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    assert newest[0] == __version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)
