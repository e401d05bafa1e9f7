"""The documentation as a site: whole, linked, searchable, and read without a network."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from mkdocs.commands.build import build
from mkdocs.config import load_config
from playwright.sync_api import expect

from tests.browser import launched
from tests.docs.markdown import GUIDES, PAGES
from tests.support.server import ROOT

CONFIG = ROOT / "docs" / "site" / "mkdocs.yml"
HOME = ROOT / "docs" / "site" / "home.md"
COMPARED = ("h1", "h2", "h3", "h4", "p", "li", "pre", "code", "table", "td", "img", "strong")


class Html(HTMLParser):
    """A page of the site: where it leads, what it loads, where links to it can lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.tags[tag] += 1
        self.anchors.update(named[name] or "" for name in ("id", "name") if name in named)
        target = named.get("src") or named.get("href")
        if target:
            (self.links if tag == "a" else self.loaded).append(target)


@cache
def html(path: Path) -> Html:
    return Html(path.read_text())


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder: Path = tmp_path_factory.mktemp("site")
    build(load_config(str(CONFIG), site_dir=str(folder)))  # strict: a warning ends it
    return folder


def is_elsewhere(target: str) -> bool:
    return re.match(r"([a-z]+:)?//|[a-z]+:", target) is not None


def test_links_lead_to_files_and_anchors_that_exist(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(PAGES)
    for page in pages:
        own = [each for each in html(page).links + html(page).loaded if not is_elsewhere(each)]
        for path, _, anchor in (each.partition("#") for each in own):
            target = (page.parent / unquote(path)).resolve() if path else page
            assert target.is_file(), f"{page}: {path}"
            if anchor and target.suffix == ".html":
                assert unquote(anchor) in html(target).anchors | {"__top"}, (
                    f"{page}: {path}#{anchor}"
                )


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    loaded = [each for page in site.rglob("*.html") for each in html(page).loaded]
    assert [each for each in loaded if is_elsewhere(each)] == []
    styles = "".join(path.read_text() for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import) *[\"']?https?:[^)]*", styles) == []


def test_pages_show_what_github_shows(site: Path) -> None:
    parser = MarkdownIt("commonmark").enable("table")
    for source in [each for each in PAGES if each != HOME]:
        page = address(site, source)
        article = page.read_text().partition("<article")[2].partition("</article>")[0]
        ours, theirs = Html(article).tags, Html(parser.render(source.read_text())).tags
        different = {tag: (ours[tag], theirs[tag]) for tag in COMPARED if ours[tag] != theirs[tag]}
        assert theirs["h1"] == 1
        assert different == {}, source


def address(site: Path, source: Path) -> Path:
    named = {"README.md": "overview", "docs/README.md": "contents"}
    path = str(source.relative_to(ROOT))
    return site / (
        named.get(path, path.removeprefix("docs/").removesuffix(".md").lower()) + ".html"
    )


def test_search_finds_a_guide_from_a_disk_without_a_network(site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text())
    found = {entry["location"].partition("#")[0] for entry in index["docs"]}
    assert {f"guides/{guide.stem}.html" for guide in GUIDES.glob("*.md")} <= found
    assert not [each for each in found if each.startswith("source/")]
    with launched() as chromium:
        page = chromium.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto((site / "index.html").as_uri())
        page.get_by_role("textbox", name="Search").press_sequentially("rotate keys")
        page.get_by_role("search").get_by_role("heading", name="Rotate keys").first.click()
        expect(page).to_have_title("Rotate keys - authdemo")
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []
