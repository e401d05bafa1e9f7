"""Browsers get error pages in the site's style and language."""

from __future__ import annotations

import re
import sqlite3
from html import unescape
from pathlib import Path

import pytest

from tests.support.browser import Browser
from tests.support.server import running_in_trouble

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
CHINESE = {**BROWSER, "Accept-Language": "zh-CN"}


@pytest.mark.parametrize(
    "path", ["/nowhere", "/client/nowhere", "/%E4%BD%A0", "/x.html", "/x.json"]
)
def test_unknown_path_gets_a_page(browser: Browser, path: str) -> None:
    answer = browser.get(path, headers=BROWSER)
    assert answer.status_code == 404
    assert "<h1>Not found</h1>" in answer.text
    assert '<a href="/">Go to the home page</a>' in answer.text
    assert 'rel="stylesheet"' in answer.text
    assert "<script" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_error_page_is_in_the_visitors_language(browser: Browser) -> None:
    answer = browser.get("/nowhere", headers=CHINESE)
    assert answer.status_code == 404
    assert '<html lang="zh">' in answer.text
    assert "这个地址什么也没有。" in answer.text


def test_style_sheet_of_error_pages_is_public(browser: Browser) -> None:
    page = browser.get("/nowhere", headers=BROWSER).text
    sheets = re.findall(r'href="(/assets/[^"]+\.css)"', page)
    assert sheets
    for sheet in sheets:
        assert browser.get(sheet).status_code == 200


@pytest.mark.parametrize("path", ["/api/auth/nowhere", "/assets/nowhere.js"])
def test_error_of_an_api_route_is_not_replaced(browser: Browser, path: str) -> None:
    answer = browser.get(path, headers=BROWSER)
    assert answer.status_code in (401, 404)
    assert "<h1>" not in answer.text


def test_client_that_does_not_accept_html_gets_text(browser: Browser) -> None:
    answer = browser.get("/nowhere", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "Go to the home page" not in answer.text


def test_markup_in_the_path_is_escaped(browser: Browser) -> None:
    answer = browser.get("/%3Cscript%3Ealert(1)%3C/script%3E", headers=BROWSER)
    assert answer.status_code == 404
    assert "alert(1)" not in answer.text


def test_page_without_permission_explains_itself(john: Browser) -> None:
    answer = john.get("/admin", headers=BROWSER)
    assert answer.status_code == 403
    assert "<h1>No permission</h1>" in answer.text
    assert "You don't have permission to see this page." in unescape(answer.text)
    assert john.get("/admin", headers=CHINESE).text.count("你无权查看此页面。") == 1
    assert john.get("/admin").text == "You don't have permission to see this page."


@pytest.mark.parametrize(("path", "meant"), [("/clinet", "/client"), ("/LOGIM", "/login")])
def test_mistyped_path_leads_to_the_page_that_it_resembles(
    browser: Browser, path: str, meant: str
) -> None:
    answer = browser.get(path, headers=BROWSER)
    assert f'Did you mean this page? <a href="{meant}">{meant}</a>' in answer.text
    assert "Check the address" not in answer.text


@pytest.mark.parametrize("path", ["/admim", "/" + "client" * 500, "/%00"])
def test_path_that_resembles_no_page_for_all_users_leads_to_none(john: Browser, path: str) -> None:
    answer = john.get(path, headers=BROWSER)
    assert answer.status_code in (400, 404)
    assert "Did you mean" not in answer.text


def test_unknown_path_gets_a_page_that_names_the_user(john: Browser) -> None:
    assert "You are signed in as John Doe." in john.get("/nowhere", headers=BROWSER).text


@pytest.mark.parametrize("path", ["/admin", "/nowhere"])
def test_error_page_leads_back_to_the_page_with_the_link(john: Browser, path: str) -> None:
    referrer = {**BROWSER, "Referer": f"{john.server.url}/client?a=1&b=2"}
    page = john.get(path, headers=referrer).text
    assert f'<a href="{john.server.url}/client?a=1&amp;b=2">Back</a>' in page


@pytest.mark.parametrize(
    "referrer", ["{}/admin", "{}/login?callbackUrl=/admin", "{}/", "{}.example/x", "{}//x.example"]
)
def test_error_page_leads_back_to_no_other_site_and_in_no_circle(
    john: Browser, referrer: str
) -> None:
    page = john.get("/admin", headers={**BROWSER, "Referer": referrer.format(john.server.url)}).text
    assert ">Back<" not in page


def test_page_during_an_outage_asks_to_try_again(tmp_path: Path) -> None:
    with running_in_trouble(tmp_path) as server:
        browser = Browser(server)
        browser.log_in()
        with sqlite3.connect(tmp_path / "data" / "sessions.db") as db:
            db.execute("DROP TABLE sessions")
        answer = browser.get("/", headers=BROWSER)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
        assert "<h1>Please wait</h1>" in answer.text
        assert browser.get("/login", headers=BROWSER).status_code == 200
