"""Links between the pages, to files and to headings lead somewhere, and every page is reached."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.markdown import GUIDES, PAGES, headings, links
from tests.support.server import ROOT

OUTSIDE_GUIDES = [page for page in PAGES if page.parent != GUIDES]  # guides name files of apps
NAMED = re.compile(r"`((?:authdemo|benchmarks|docs|examples|tests)/[\w./-]+)`")

LABELED = re.compile(r"\[`([\w./-]+\.\w+)`\]\(([^)#]+)\)")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def own_links(page: Path) -> list[tuple[Path, str]]:
    """List the links that stay in the project: which file, and which heading."""
    parts = (link.partition("#") for link in links(page) if "://" not in link)
    return [((page.parent / path).resolve() if path else page, name) for path, _, name in parts]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings(page: Path) -> None:
    broken = [str(path) for path, _ in own_links(page) if not path.exists()]
    assert broken == []
    named = [(path, name) for path, name in own_links(page) if name]
    assert [(path, name) for path, name in named if name not in headings(path)] == []


@pytest.mark.parametrize("page", OUTSIDE_GUIDES, ids=name_of)
def test_named_files_and_folders_exist(page: Path) -> None:
    named = NAMED.findall(page.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_label_that_names_a_file_names_the_linked_one(page: Path) -> None:
    links_to_files = LABELED.findall(page.read_text())
    assert [
        label for label, target in links_to_files if not f"/{target}".endswith(f"/{label}")
    ] == []


def test_the_table_of_contents_has_every_page_and_the_readme_leads_there() -> None:
    contents = ROOT / "docs" / "README.md"
    listed = {path for path, _ in own_links(contents)}
    assert {*GUIDES.glob("*.md"), *(ROOT / "docs").glob("*.md")} <= listed | {contents}
    assert contents in {path for path, _ in own_links(ROOT / "README.md")}
