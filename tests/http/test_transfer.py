"""Pages and scripts travel packed, and what never changes travels once."""

from __future__ import annotations

import re

import pytest

from tests.support.browser import Browser

KEPT = "public, max-age=31536000, immutable"
TINY = 512


def files_of(page: str, ending: str) -> list[str]:
    return sorted(set(re.findall(rf'"(/assets/[^"]+\.{ending})"', page)))


@pytest.mark.parametrize("path", ["/login", "/", "/client"])
def test_page_is_compressed_if_the_browser_accepts_it(john: Browser, path: str) -> None:
    browser = Browser(john.server) if path == "/login" else john
    packed = browser.get(path, headers={"Accept-Encoding": "gzip"})
    plain = browser.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.text == plain.text
    assert int(packed.headers["Content-Length"]) < len(plain.content) / 2
    for answer in (packed, plain):
        assert {"Cookie", "Accept-Encoding"} <= set(answer.headers["Vary"].split(", "))


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br, zstd", True),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", True),
        ("gzip;q=0.5", True),
        ("gzip, identity", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=a lot", False),
        ("*;q=0", False),
        ("not-gzip", False),
        ("gzip," * 50_000, False),
    ],
    ids=lambda value: str(value)[:30],
)
def test_page_is_not_compressed_if_the_browser_declines(
    browser: Browser, accepted: str, *, packed: bool
) -> None:
    """RFC 9110, section 12.5.3."""
    answer = browser.get("/login", headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) is packed
    assert answer.text.startswith("<!DOCTYPE html>")


def test_scripts_have_the_best_accepted_encoding(john: Browser) -> None:
    for script in files_of(john.get("/").text, "js"):
        answer = john.request("HEAD", script, headers={"Accept-Encoding": "gzip, deflate, br"})
        if int(answer.headers["Content-Length"]) > TINY:
            assert answer.headers["Content-Encoding"] == "br", script


def test_hashed_files_are_immutable(browser: Browser) -> None:
    page = browser.get("/login").text
    for file in files_of(page, "css") + files_of(page, "js"):
        kept = browser.get(file).headers["Cache-Control"]
        assert kept == ("no-cache" if "reflex-env" in file else KEPT)


def test_protected_scripts_and_missing_files_are_not_cached(john: Browser) -> None:
    public = files_of(Browser(john.server).get("/login").text, "js")
    own = set(files_of(john.get("/client").text, "js")) - set(public)
    assert own
    for file in (*own, "/assets/nothing-12345678.js", "/assets/nothing-12345678.css"):
        assert john.get(file).headers.get("Cache-Control") != KEPT
