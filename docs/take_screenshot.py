"""Takes the picture in the README: both pages, one update, seen in both.

Run it against an app that is up:
`PYTHONPATH=. .venv/bin/python docs/take_screenshot.py http://localhost:3000`.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import launch_options

PICTURE = Path(__file__).parent / "tutorial.png"
SIZE = {"width": 620, "height": 720}


def main(url: str) -> None:
    """Log in, update on one page, and take both pages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        context = browser.new_context(viewport=SIZE)  # type: ignore[arg-type]
        home, client = context.new_page(), context.new_page()
        home.goto(url + "/login")
        home.wait_for_function("sessionStorage.getItem('token') !== null")
        home.locator("[name=id]").fill("john_doe")
        home.locator("[name=password]").fill("tutorial")
        home.get_by_role("button", name="Log In").click()
        home.wait_for_url(url + "/")
        client.goto(url + "/client")
        home.get_by_role("button", name="Server Side Update").click()
        for page in (home, client):
            expect(page.locator("[data-field=name]")).to_have_text("Serverserver-man")
        PICTURE.write_bytes(_side_by_side(browser, home, client))
        browser.close()


def _side_by_side(browser: Browser, *pages: Page) -> bytes:
    pictures = (base64.b64encode(page.screenshot()).decode() for page in pages)
    images = "".join(f'<img src="data:image/png;base64,{picture}">' for picture in pictures)
    sheet = browser.new_page(viewport={"width": 1300, "height": 760})
    sheet.set_content(
        "<style>body{margin:0;padding:20px;display:flex;gap:20px;background:#c9cfcb}</style>"
        + images
    )
    return sheet.screenshot()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"))
