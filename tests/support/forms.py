"""The forms of a page, as a browser without JavaScript sends them."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx

from authdemo.testing import Browser


class FormReader(HTMLParser):
    """Reads a page's forms: the fields of each by its `action`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._fields: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a form, or a field that is sent as it is unless the user changes it."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._fields = self.forms.setdefault(found.get("action", ""), {})
        elif tag == "input" and "name" in found and not _is_unchecked(found):
            self._fields[found["name"]] = found.get("value", "on")


def _is_unchecked(field: dict[str, str]) -> bool:
    return field.get("type") == "checkbox" and "checked" not in field


def submit(browser: Browser, path: str, action: str, **typed: str) -> httpx.Response:
    """Open a page and send its form as a browser does."""
    page = browser.get(path, headers={"Accept": "text/html"})
    fields = FormReader(page.text).forms[action]
    assert typed.keys() <= fields.keys(), fields
    origin = {"Origin": browser.server.url, "Sec-Fetch-Site": "same-origin"}
    return browser.post(action, data=fields | typed, headers={**origin, "Accept": "text/html"})
