from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions import ConfigurationError
from authdemo.sessions.core.locales import Locales


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "en", {"home.title": "Home", "home.lead": "Look around"})
    write(tmp_path, "zh", {"home.title": "首页"})
    return tmp_path


def write(folder: Path, language: str, texts: object) -> None:
    (folder / f"{language}.json").write_text(json.dumps(texts), "utf-8")


def test_english_comes_first(folder: Path) -> None:
    write(folder, "de", {})
    assert Locales(folder).languages == ("en", "de", "zh")


def test_what_a_language_does_not_say_is_said_in_english(folder: Path) -> None:
    texts = Locales(folder).texts("zh")
    assert (texts["home.title"], texts["home.lead"]) == ("首页", "Look around")


def test_an_app_says_it_its_own_way(folder: Path) -> None:
    write(folder, "en", {"error.CredentialsSignin": "Nope."})
    assert Locales(folder).texts("en")["error.CredentialsSignin"] == "Nope."
    assert Locales().texts("en")["error.CredentialsSignin"] != "Nope."


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "zh-Hant-TW", "zh"),
        (None, "ZH", "zh"),
        (None, "fr, zh;q=0.2, en;q=0.7", "en"),
        (None, "zh;q=0, en;q=0.1", "en"),
        (None, "fr", "en"),
        (None, "*", "en"),
        (None, "zh;q=nonsense, en", "en"),
        ("en", "zh", "en"),
        ("zh", "en", "zh"),
        ("fr", "zh", "zh"),
        ("../en", "zh", "zh"),
    ],
)
def test_the_visitors_choice_comes_first_and_then_the_browsers(
    folder: Path, chosen: str | None, accepted: str, expected: str
) -> None:
    assert Locales(folder).choose(chosen, accepted) == expected


@given(chosen=st.none() | st.text(), accepted=st.text())
def test_any_header_gets_a_language_that_there_is(chosen: str | None, accepted: str) -> None:
    locales = Locales()
    assert locales.choose(chosen, accepted) in locales.languages


def test_a_folder_without_english_stops_the_start(tmp_path: Path) -> None:
    write(tmp_path, "zh", {})
    with pytest.raises(ConfigurationError, match=r"must hold en\.json"):
        Locales(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"a.b": 1}', '"text"'])
def test_a_file_that_is_no_catalog_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "en.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"en\.json must hold one JSON object"):
        Locales(tmp_path)
