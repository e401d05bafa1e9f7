"""The update as a form: optimistic, honest about refusals, and careful with conflicts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from authdemo.testing import wait_until
from tests.e2e.visitor import Visitor, click, field_of, is_connected

UPDATE = "**/api/auth/user"
IMPATIENT = """
  const { timeout } = AbortSignal;
  AbortSignal.timeout = (after) => timeout.call(AbortSignal, after / 5);
"""


@pytest.fixture
def form(visitor: Visitor) -> Page:
    return visitor.logged_in("/account")


def test_a_name_is_saved_and_reaches_the_other_tabs(visitor: Visitor, form: Page) -> None:
    home = visitor.open("/")
    form.get_by_label("Name").fill("Ada")
    click(form, "Save")
    for tab in (form, home):
        expect(field_of(tab, "name")).to_have_text("Ada")
        expect(field_of(tab, "rev")).to_have_text("2")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()


def test_a_form_that_nobody_has_touched_follows_the_session(visitor: Visitor, form: Page) -> None:
    click(visitor.open("/client"), "Client Side Update")
    expect(form.get_by_label("Name")).to_have_value("Client-Man")
    expect(form.get_by_role("button", name="Save")).to_be_disabled()


def test_a_change_is_shown_before_the_server_has_agreed(form: Page) -> None:
    held = hold_updates(form)
    form.get_by_label("Name").fill("Ada")
    click(form, "Save")
    expect(field_of(form, "name")).to_have_text("Ada")
    expect(field_of(form, "rev")).to_have_text("1")
    expect(form.get_by_role("button", name="Save")).to_have_attribute("aria-busy", "true")
    let_go(form, held)
    expect(field_of(form, "rev")).to_have_text("2")
    expect(field_of(form, "name")).to_have_text("Ada")


def test_a_button_keeps_the_focus_while_it_works_and_can_not_be_pressed_again(form: Page) -> None:
    held = hold_updates(form)
    name, save = form.get_by_label("Name"), form.get_by_role("button", name="Save")
    name.fill("Ada")
    expect(save).to_be_enabled()
    save.press("Enter")
    expect(save).to_have_attribute("aria-busy", "true")
    expect(save).to_be_focused()
    save.press("Enter")
    name.press("Enter")
    let_go(form, held)
    expect(field_of(form, "rev")).to_have_text("2")
    assert held == []


def test_a_refused_change_is_taken_back_and_the_field_says_why(form: Page) -> None:
    held = hold_updates(form)
    name = form.get_by_label("Name")
    name.fill("x" * 65)
    click(form, "Save")
    expect(field_of(form, "name")).to_have_text("x" * 65)
    let_go(form, held)
    expect(field_of(form, "name")).to_have_text("John Doe")
    expect(name).to_have_value("x" * 65)
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    expect(name).to_have_accessible_description("The name must have 1 to 64 characters.")
    form.unroute(UPDATE)
    name.fill("Ada")
    name.press("Enter")
    expect(field_of(form, "rev")).to_have_text("2")
    expect(name).to_have_accessible_description("")


def test_each_field_says_what_is_wrong_with_it(form: Page) -> None:
    picture = form.get_by_label("Picture")
    picture.fill("http://example.org/me.png")
    click(form, "Save")
    expect(picture).to_have_accessible_description(
        "The picture must be empty or an https: address."
    )
    expect(form.get_by_label("Name")).to_have_accessible_description("")


def test_one_save_after_the_other_is_no_conflict(form: Page) -> None:
    name, save = form.get_by_label("Name"), form.get_by_role("button", name="Save")
    for rev, text in enumerate(("  Ada  ", "Grace", "Jean"), start=2):
        name.fill(text)
        name.press("Enter")
        expect(field_of(form, "rev")).to_have_text(str(rev))
        expect(name).to_have_value(text.strip())
        expect(save).to_have_attribute("aria-busy", "false")
    expect(form.get_by_text("changed while you were writing")).to_have_count(0)


def test_input_during_a_save_is_kept_and_can_be_saved(
    form: Page,
) -> None:
    held = hold_updates(form)
    name, save = form.get_by_label("Name"), form.get_by_role("button", name="Save")
    name.fill("  Ada  ")
    save.click()
    expect(save).to_have_attribute("aria-busy", "true")
    name.fill("Ada Lovelace")
    let_go(form, held)
    expect(field_of(form, "rev")).to_have_text("2")
    expect(field_of(form, "name")).to_have_text("Ada")
    expect(name).to_have_value("Ada Lovelace")
    expect(form.get_by_text("changed while you were writing")).to_have_count(0)
    save.click()
    let_go(form, held)
    expect(field_of(form, "name")).to_have_text("Ada Lovelace")
    expect(save).to_be_disabled()


def test_a_save_that_is_on_its_way_is_not_sent_again(form: Page) -> None:
    held = hold_updates(form)
    form.get_by_label("Name").fill("Ada")
    click(form, "Save")
    expect(form.get_by_role("button", name="Save")).to_have_attribute("aria-busy", "true")
    form.get_by_label("Name").evaluate("(field) => field.form.requestSubmit()")
    let_go(form, held)
    expect(field_of(form, "rev")).to_have_text("2")
    assert held == []


def test_a_conflict_is_shown_and_nothing_is_lost(visitor: Visitor, form: Page) -> None:
    name = form.get_by_label("Name")
    name.fill("Mine")
    click(visitor.open("/client"), "Client Side Update")
    conflict = form.get_by_role("alert").filter(has_text="changed while you were writing")
    expect(conflict).to_contain_text("Client-Man")
    expect(conflict).to_contain_text("Mine")
    expect(name).to_have_value("Mine")
    click(form, "Save Mine Anyway")
    expect(field_of(form, "name")).to_have_text("Mine")
    expect(field_of(form, "rev")).to_have_text("3")
    expect(conflict).to_have_count(0)


def test_after_a_conflict_one_can_take_what_the_others_wrote(visitor: Visitor, form: Page) -> None:
    name = form.get_by_label("Name")
    name.fill("Mine")
    click(visitor.open("/client"), "Client Side Update")
    click(form, "Take the New One")
    expect(name).to_have_value("Client-Man")
    expect(field_of(form, "rev")).to_have_text("2")
    expect(form.get_by_role("button", name="Save", exact=True)).to_be_disabled()


def test_the_server_notices_a_conflict_that_the_page_could_not_see(
    visitor: Visitor, form: Page
) -> None:
    visitor.tolerates(re.compile("409"))
    held = hold_updates(form)
    form.get_by_label("Name").fill("Mine")
    click(form, "Save")
    expect(field_of(form, "name")).to_have_text("Mine")
    elsewhere = visitor.open("/client")
    is_connected(elsewhere)
    click(elsewhere, "Client Side Update")
    expect(field_of(elsewhere, "rev")).to_have_text("2")
    let_go(form, held)
    expect(field_of(form, "name")).to_have_text("Client-Man")
    expect(form.get_by_role("alert").filter(has_text="Client-Man")).to_contain_text("Mine")
    expect(form.get_by_label("Name")).to_have_value("Mine")


TROUBLE: dict[str, Callable[[Route], None]] = {
    "nobody answers": lambda route: route.abort(),
    "a proxy answers": lambda route: route.fulfill(status=504, json={"error": "timeout"}),
    "the answer does not come": lambda _: None,
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_without_a_connection_the_change_is_taken_back(visitor: Visitor, trouble: str) -> None:
    visitor.tolerates(re.compile("ERR_FAILED|504"))
    visitor.context.add_init_script(IMPATIENT)
    form = visitor.logged_in("/account")
    form.route(UPDATE, TROUBLE[trouble])
    form.get_by_label("Name").fill("Ada")
    click(form, "Save")
    expect(form.get_by_role("alert")).to_have_text("The server can't be reached. Try again.")
    expect(field_of(form, "name")).to_have_text("John Doe")
    expect(form.get_by_label("Name")).to_have_value("Ada")


def hold_updates(tab: Page) -> list[Route]:
    """Keep this tab's updates from the server until the test lets them go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST":
            held.append(route)
        else:
            route.continue_()

    tab.route(UPDATE, hold)
    return held


def let_go(tab: Page, held: list[Route]) -> None:
    """Wait until an update is held, which the page's own clock has to run for, and let it go."""

    def is_held() -> bool:
        tab.wait_for_timeout(10)
        return bool(held)

    wait_until(is_held)
    held.pop().continue_()
