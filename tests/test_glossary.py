"""Documents, texts, code and commits use plain words: none of those that the glossary bans."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COVERED = (
    "*.md",
    "*.py",
    "*.toml",
    "*.txt",
    "Makefile",
    "authdemo/**/*.py",
    "authdemo/**/*.js",
    "authdemo/**/locales/*.json",
    "benchmarks/**/*.py",
    "docs/*.*",
    "docs/guides/*.md",
    "examples/**/*.py",
    "tests/**/*.py",
)
"""Patterns of the files that are checked."""
EXCEPTIONS = {
    "tests/test_glossary.py": "lists the words",
}
PUSHED_TOO_LONG = {
    "Serve the guides' code from one app where it fits, unbuilt where no page counts",
    "Test rejected ports, databases and demo accounts as functions, the start once",
}
"""Subjects that were found too long when others had already built on the commits."""
BANNED = (
    "whoever",
    "whom",
    "nobody's",
    "somebody",
    "stranger",
    "anew",
    "by now",
    "shall",
    "for ever",
    "what of it",
    "(is|are|was|were) over",
    "(is|are|was|were|has to be|have to be) told",
    "(is|are) no good",
    "hears? of",
    "您",
)
WORDS = re.compile(rf"(?<![a-z])(?:{'|'.join(BANNED)})(?![a-z])", re.IGNORECASE)
LAST_OLD_COMMIT = "ea19e2a"
LONGEST_SUBJECT = 72
NAME_OF_A_TEST = re.compile(r"`tests/[^`]+`")
FILES = sorted(
    path
    for pattern in COVERED
    for path in ROOT.glob(pattern)
    if str(path.relative_to(ROOT)) not in EXCEPTIONS
    and path.suffix not in (".pyc", ".png", ".svg")
    and not {".web", ".states", ".data", "node_modules"}.intersection(path.parts)
)


def prose(path: Path) -> Iterator[tuple[str, str]]:
    """List the lines of a file, or the texts of a catalog, and where each is."""
    if path.suffix == ".json":
        yield from json.loads(path.read_text("utf-8")).items()
        return
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        yield str(number), NAME_OF_A_TEST.sub("", line) if path.suffix == ".md" else line


def spaced(line: str) -> str:
    """Write the parts of names as words."""
    return re.sub(r"(?<=[a-z])_(?=[a-z])", " ", line)


def test_no_file_has_a_banned_word() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{place}: {match[0]}"
        for path in FILES
        for place, line in prose(path)
        for match in WORDS.finditer(spaced(line))
    ]
    assert found == []


def test_commit_subjects_are_short_and_plain() -> None:
    log = subprocess.run(
        ["git", "log", "--format=%s", f"{LAST_OLD_COMMIT}..HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if log.returncode:
        pytest.skip("the history is not here")
    subjects = set(log.stdout.splitlines()) - PUSHED_TOO_LONG
    assert [each for each in subjects if len(each) > LONGEST_SUBJECT or WORDS.search(each)] == []


def test_every_pattern_covers_a_file() -> None:
    assert [pattern for pattern in COVERED if not list(ROOT.glob(pattern))] == []


@pytest.mark.parametrize(
    "line",
    ["Whoever signs in", "nobody's tab", "def ask_somebody():", "it is over", "They shall", "您好"],
)
def test_banned_word_is_found(line: str) -> None:
    assert WORDS.search(spaced(line))


@pytest.mark.parametrize("line", ["shallow", "renewal", "stranglers", "over an hour", "你好"])
def test_other_words_are_not_found(line: str) -> None:
    assert not WORDS.search(spaced(line))
