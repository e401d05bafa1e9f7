"""Everybody can use the pages, in any light and on any screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, ViewportSize, expect

from authdemo.devtools.component import PARTS
from tests.audit.axe import findings
from tests.browser import new_context
from tests.e2e.test_second_factor import open_dialog, with_one_factor
from tests.e2e.visitor import Visitor, click, field_of, is_connected, loaded
from tests.support.browser import Browser
from tests.support.second_factor import make_owner
from tests.support.server import Server

FOR_ANYONE = ("/login", "/register", "/code")
PAGES = (*FOR_ANYONE, "/", "/client", "/inspector", "/account", "/admin", "/confirm", "/nowhere")


@pytest.fixture(scope="module")
def jane_everywhere(app: Server) -> dict[str, str]:
    """The cookies of an administrator, who may see every page."""
    browser = Browser(app)
    browser.log_in("jane_admin")
    return browser.cookies


SIGHTS: list[tuple[Literal["light", "dark"], int]] = [
    ("light", 1280),
    ("dark", 390),
    ("light", 390),
    ("dark", 1280),
]
"""Lights and widths of a screen: the first two have all of both, the audit sees the others too."""


@pytest.fixture(
    params=[*SIGHTS[:2], *(pytest.param(each, marks=pytest.mark.audit) for each in SIGHTS[2:])],
    ids=[f"{light}-{width} px" for light, width in SIGHTS],
)
def visitor(request: pytest.FixtureRequest, app: Server, chromium: Chromium) -> Iterator[Visitor]:
    """A visitor whose browser prefers a theme, on a screen of some width, and runs axe."""
    light, width = request.param
    size = ViewportSize(width=width, height=800)
    with new_context(chromium, bypass_csp=True, color_scheme=light, viewport=size) as context:
        yield Visitor(context, app.url)


def test_axe_finds_nothing(
    visitor: Visitor, jane_everywhere: dict[str, str], subtests: pytest.Subtests
) -> None:
    tab = visitor.context.new_page()
    for path in PAGES:
        if path not in FOR_ANYONE:
            visitor.keep(jane_everywhere)
        with subtests.test(path), loaded(visitor, tab, path):
            tab.wait_for_load_state("networkidle")
            assert findings(tab) == []


def test_axe_finds_nothing_in_an_open_dialog_and_after_an_experiment(
    visitor: Visitor, jane_everywhere: dict[str, str]
) -> None:
    visitor.keep(jane_everywhere)
    tab = visitor.open("/inspector")
    is_connected(tab)
    tab.locator("[data-attack]").first.get_by_role("button").click()
    tab.locator(".attacks .verdict").click()
    expect(tab.locator(".attacks-outcome")).to_be_visible()
    tab.get_by_role("button", name="End Session").first.click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    assert findings(tab) == []


def test_axe_finds_nothing_in_the_dialog_for_a_proof(visitor: Visitor, app: Server) -> None:
    tab = with_one_factor(visitor, make_owner(app))
    open_dialog(tab)
    assert findings(tab) == []


def sides_of(panel: Locator) -> list[Locator]:
    """List the buttons by which the panel is docked; on a narrow screen it has one place."""
    return panel.locator(".docks [aria-pressed]").all() or [panel.locator(".docks button")]


@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.audit)])
def test_axe_finds_nothing_in_the_panel(
    visitor: Visitor, jane_everywhere: dict[str, str], language: str, subtests: pytest.Subtests
) -> None:
    visitor.keep(jane_everywhere | {"language": language})
    tab = visitor.open("/client")
    is_connected(tab)
    tab.get_by_test_id("devtools-toggle").click()
    panel = tab.get_by_test_id("devtools")
    expect(panel.get_by_role("tab")).to_have_count(len(PARTS))
    for side in sides_of(panel):
        side.click(trial=side.get_attribute("aria-pressed") is None)
        for name in PARTS:
            panel.locator(f"#tab-{name}").click()
            with subtests.test(f"{name}, {side.get_attribute('aria-label')}"):
                expect(panel.locator(".part")).to_be_visible()
                if name == "timeline":
                    panel.get_by_role("listbox").press("End")
                assert findings(tab) == []


def test_axe_finds_nothing_in_a_refusal_a_conflict_and_a_toast(
    visitor: Visitor, jane_everywhere: dict[str, str]
) -> None:
    visitor.keep(jane_everywhere)
    form, client = visitor.open("/account"), visitor.open("/client")
    for tab in (form, client):
        is_connected(tab)
    name = form.get_by_label("Name")
    name.fill("x" * 65)
    click(form, "Save")
    expect(name).to_have_attribute("aria-invalid", "true")
    assert findings(form) == []
    before = field_of(form, "rev").inner_text()
    name.fill("Jane")
    click(form, "Save")
    expect(field_of(form, "rev")).not_to_have_text(before)
    expect(form.get_by_role("status").get_by_text("Your profile is saved.")).to_be_visible()
    name.fill("Mine")
    click(client, "Client Side Update")
    expect(form.get_by_role("alert").filter(has_text="Client-Man")).to_be_visible()
    assert findings(form) == []


def test_axe_finds_nothing_in_a_form_with_errors(visitor: Visitor) -> None:
    tab = visitor.open("/register")
    is_connected(tab)
    click(tab, "Register")
    expect(tab.locator("[aria-invalid=true]")).to_have_count(4)
    assert findings(tab) == []
