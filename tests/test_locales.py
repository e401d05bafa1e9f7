"""The catalogs are whole: each language says everything, and nothing is said in vain."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = tuple(
    ROOT / "authdemo" / part
    for part in (
        "sessions/locales",
        "accounts/locales",
        "devtools/locales",
        "devtools/locales/button",
        "locales",
    )
)
SOURCES = [
    path.read_text("utf-8")
    for ending in ("py", "js")
    for path in sorted((ROOT / "authdemo").rglob(f"*.{ending}"))
]
BY_CODE = ("error.", "field.", "language.", "refusal.")
PLACEHOLDER = re.compile(r"\{\w+\}")


def read(folder: Path, language: str) -> dict[str, str]:
    pairs = json.loads((folder / f"{language}.json").read_text("utf-8"), object_pairs_hook=list)
    assert len({key for key, _ in pairs}) == len(pairs), "a key is there twice"
    return dict(pairs)


ENGLISH = {folder: read(folder, "en") for folder in FOLDERS}
KEYS = [(folder, key) for folder, texts in ENGLISH.items() for key in texts]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_chinese_says_what_english_says(folder: Path) -> None:
    assert read(folder, "zh").keys() == ENGLISH[folder].keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_texts_have_the_same_placeholders_in_both_languages(folder: Path) -> None:
    english, chinese = (
        {key: set(PLACEHOLDER.findall(text)) for key, text in read(folder, language).items()}
        for language in ("en", "zh")
    )
    assert english == chinese


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_catalogs_are_sorted(folder: Path) -> None:
    for language in ("en", "zh"):
        assert list(read(folder, language)) == sorted(read(folder, language))


def test_every_key_that_the_app_uses_is_in_the_catalogs() -> None:
    known = {key for texts in ENGLISH.values() for key in texts}
    used = {key for text in SOURCES for key in re.findall(r'\bt\(\s*"([^"{]+)"', text)}
    assert used
    assert used <= known


def test_no_text_is_left_over() -> None:
    everything = "\n".join(SOURCES)
    by_name = set(re.findall(r'f"\{name\}\.(\w+)"', everything))
    open_areas = set(re.findall(r'f"([a-z_]+)\.\{', everything))
    open_areas |= set(re.findall(r't(?:_d|D)ynamic\("([a-z]+)"', everything))
    open_areas |= set(re.findall(r'\bsay\("([a-z_]+)"\)', everything))

    def is_used(key: str) -> bool:
        area, _, rest = key.partition(".")
        is_named = rest in by_name and f'"{area}"' in everything
        return f'"{key}"' in everything or area in open_areas or is_named

    spare = [key for _, key in KEYS if not key.startswith(BY_CODE) and not is_used(key)]
    assert spare == []
