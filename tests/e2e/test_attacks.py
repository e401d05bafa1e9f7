"""The attacks on the inspector's page."""

from __future__ import annotations

from playwright.sync_api import expect

from authdemo.devtools.attacks import ATTACKS
from tests.e2e.visitor import Visitor


def test_all_is_tried_by_keyboard_and_held(visitor: Visitor) -> None:
    tab = visitor.logged_in("/inspector")
    tab.set_viewport_size({"width": 360, "height": 740})
    attacks = tab.get_by_test_id("attacks")
    button = attacks.get_by_role("button", name="Run All")
    button.press("Enter")
    count = sum(bool(attack.stands) for attack in ATTACKS.values())
    stopped = f"{count} of {count} stopped"
    expect(attacks.get_by_role("status")).to_have_text(stopped)
    expect(attacks.get_by_text("2 of 2 controls accepted")).to_be_visible()
    expect(attacks.get_by_text("stopped", exact=True)).to_have_count(count)
    expect(attacks.get_by_text("accepted", exact=True)).to_have_count(len(ATTACKS) - count)
    expect(attacks.locator(".badge.failed")).to_have_count(0)
    expect(button).to_be_focused()
    hash_ = attacks.locator("[data-attack=other_hash]")
    hash_.locator(".verdict").press("Enter")
    expect(attacks).to_contain_text("The token names another algorithm.")
    hash_.get_by_role("button", name="Run", exact=True).press("Enter")
    expect(attacks.get_by_role("status")).to_have_text(stopped)
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
