"""Makes a site of the repository's own Markdown: every file keeps its path, and so its links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files, InclusionLevel

ROOT = Path(__file__).resolve().parents[2]
HOME = "docs/site/home.md"
AT_THE_ROOT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
ADDRESSES = {HOME: "index.html", "README.md": "overview.html", "docs/README.md": "contents.html"}
_TARGET = re.compile(r"\]\(([^)#:\s]+)")
_FENCE = re.compile(r"^(```\w+) (?:quote|file|append)=(\S+)$", re.MULTILINE)
_FENCES = {"": "text", ".py": "python", ".md": "markdown", ".yml": "yaml", ".cfg": "ini"}


class Source(File):
    """A file or a folder of the repository that pages link to, shown as a page."""

    def is_documentation_page(self) -> bool:
        return True


def on_files(files: Files, config: Any) -> Files:
    pages = [*AT_THE_ROOT, "benchmarks/results.md", *_tracked("docs/*.md")]
    for path in pages:
        address = path.removeprefix("docs/").replace(".md", ".html").lower()
        files.append(_file(File, path, ADDRESSES.get(path, address), config))
    for path in sorted(set().union(*map(_linked_from, pages)).difference(pages)):
        if Path(path).suffix in (".png", ".gif", ".svg"):
            files.append(_file(File, path, path.removeprefix("docs/"), config))
            continue
        inside = _tracked(path) if (ROOT / path).is_dir() else []
        for each in dict.fromkeys((path, *inside)):
            if each not in files.src_uris:
                files.append(_file(Source, each, f"source/{each}.html", config))
    files.append(_file(File, "assets/icon.svg", "icon.svg", config))
    return files


def on_page_read_source(page: Any, **_: Any) -> str | None:
    """Show sources as they are, and folders by what is in them."""
    if not isinstance(page.file, Source):
        return None
    path = ROOT / page.file.src_uri
    head = f"---\ntitle: {path.name}\nsearch: {{exclude: true}}\n---\n\n# `{page.file.src_uri}`\n\n"
    if path.is_dir():
        inside = (
            Path(each).relative_to(path.relative_to(ROOT)) for each in _tracked(page.file.src_uri)
        )
        return head + "\n".join(f"- [`{each}`]({path.name}/{each})" for each in inside)
    language = _FENCES.get(path.suffix, path.suffix[1:])
    return f"{head}~~~~~~{language}\n{path.read_text().rstrip()}\n~~~~~~\n"


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Put the file that a block quotes or makes above the block."""
    return markdown if isinstance(page.file, Source) else _FENCE.sub(r'\1 title="\2"', markdown)


def on_post_template(output_content: str, template_name: str, **_: Any) -> str:
    """Leave out what only a server of its own needs."""
    return "" if template_name in ("404.html", "sitemap.xml") else output_content


def _file(kind: type[File], path: str, address: str, config: Any) -> File:
    is_shown_alone = kind is Source
    file = kind(path, str(ROOT), config.site_dir, use_directory_urls=False, dest_uri=address)
    file.inclusion = InclusionLevel.NOT_IN_NAV if is_shown_alone else InclusionLevel.INCLUDED
    if path == HOME:
        file.name = "index"
    return file


def _linked_from(page: str) -> Iterator[str]:
    """List the files and folders of the repository that a page links to."""
    for target in _TARGET.findall((ROOT / page).read_text()):
        path = (ROOT / page).parent.joinpath(target).resolve()
        if path.exists() and path.is_relative_to(ROOT):
            yield str(path.relative_to(ROOT))


def _tracked(pattern: str) -> list[str]:
    command = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "--", pattern)
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return ended.stdout.splitlines()
