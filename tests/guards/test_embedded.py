"""The app in a frame of another site, over https, in a browser without third-party cookies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, expect

from authdemo.testing import free_port, wait_until
from tests.browser import launched, new_context
from tests.guards.conftest import with_pages_of
from tests.support import apps, caddy
from tests.support.server import Server

CADDYFILE = Path(__file__).parent / "Caddyfile"


@dataclass(frozen=True)
class Sites:
    """A browser, the app's own site, and two sites with the app in a frame."""

    context: BrowserContext
    app: str
    partner: str
    other: str


@pytest.fixture(scope="module")
def sites(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    folder = tmp_path_factory.mktemp("embedded")
    port = free_port()
    site, partner, other = (f"{name}.localhost:{port}" for name in ("app", "partner", "other"))
    options = {
        "AUTH_URL": f"https://{site}",
        "AUTH_TRUSTED_PROXIES": "127.0.0.1",
        "PARTNER": f"https://{partner}",
    }
    with (
        apps.serving_built(with_pages_of(app, folder), options) as server,
        caddy.running(
            folder, CADDYFILE, SITE=site, APP=server.host, PARTNER=partner, OTHER=other
        ) as front,
        launched(front.chromium_option, "--test-third-party-cookie-phaseout") as chromium,
        new_context(chromium) as context,
    ):
        yield Sites(context, *(f"https://{each}" for each in (site, partner, other)))


def sign_in(frame: FrameLocator) -> None:
    frame.locator("[name=id]").fill("ada")
    frame.locator("[name=password]").fill("tutorial")
    frame.get_by_role("button", name="Log in", exact=True).click()


def test_member_signs_in_and_out_in_a_frame_of_the_partner(sites: Sites) -> None:
    tab = sites.context.new_page()
    tab.goto(sites.partner)
    frame = tab.frame_locator("iframe")
    sign_in(frame)
    expect(frame.locator("#plans")).to_contain_text("the secret plans")
    cookies = {each["name"]: each for each in sites.context.cookies()}
    session = cookies["__Secure-authjs.session-token"]
    assert (session["sameSite"], session["secure"]) == ("None", True)
    assert session["partitionKey"] == "https://partner.localhost"

    own = sites.context.new_page()
    own.goto(sites.app)
    own.wait_for_url("**/login?callbackUrl=/")

    frame.get_by_role("button", name="Log out").click()
    expect(frame.get_by_role("button", name="Log in", exact=True)).to_be_visible()


def test_frame_of_another_site_is_rejected(sites: Sites) -> None:
    tab = sites.context.new_page()
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.goto(sites.other)
    wait_until(lambda: tab.evaluate("1") and any("frame-ancestors" in text for text in said))
