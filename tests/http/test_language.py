"""Pages speak the visitor's language, and say nothing that is not for them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.browser import Browser

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.8"}
WORDS = Path(__file__).resolve().parents[2] / "authdemo" / "locales"


def texts(language: str) -> dict[str, str]:
    catalog: dict[str, str] = json.loads((WORDS / f"{language}.json").read_text("utf-8"))
    return catalog


def test_page_is_in_english_by_default(browser: Browser) -> None:
    page = browser.get("/login", headers={"Accept-Language": "fr"}).text
    assert '<html lang="en">' in page
    assert ">Welcome</h1>" in page


def test_page_is_in_chinese_for_a_chinese_browser(browser: Browser) -> None:
    page = browser.get("/login", headers=CHINESE).text
    assert '<html lang="zh">' in page
    assert ">欢迎</h1>" in page
    assert "<title>欢迎 · authdemo</title>" in page
    assert "Welcome" not in page


def test_chosen_language_precedes_the_browsers(browser: Browser) -> None:
    browser.cookies["language"] = "en"
    assert ">Welcome</h1>" in browser.get("/login", headers=CHINESE).text


@pytest.mark.parametrize("nonsense", ["xx", "../zh", "", '"zh"', "zh%00", "x" * 3000])
def test_unknown_language_is_ignored(browser: Browser, nonsense: str) -> None:
    browser.cookies["language"] = nonsense
    answer = browser.get("/login", headers=CHINESE)
    assert answer.status_code == 200
    assert '<html lang="zh">' in answer.text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_page_has_no_placeholder_left(john: Browser, language: str) -> None:
    john.cookies["language"] = language
    for path in ("/", "/client", "/inspector", "/account"):
        page = john.get(path).text
        assert "{{" not in page
        assert texts(language)["nav.log_out"] in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_texts_of_protected_pages_are_not_public(browser: Browser, language: str) -> None:
    browser.cookies["language"] = language
    page = browser.get("/login").text
    assert texts(language)["login.log_in"] in page
    keys = set(re.findall(r'"([a-z]+)\.[\w.]+":"', page))
    assert {"login", "error"} <= keys
    assert not keys & {
        "home",
        "client",
        "inspector",
        "account",
        "people",
        "nav",
        "attacks",
    }
    for area in ("home", "client", "inspector", "account", "people"):
        assert texts(language)[f"{area}.lead"] not in page
