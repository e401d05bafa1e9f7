"""A visitor signs in through the providers' own pages, and every rejection is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, Route, expect

from authdemo.testing import wait_until
from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, is_connected
from tests.oidc.cheat import Cheat
from tests.oidc.conftest import Honest
from tests.oidc.github import GitHub
from tests.oidc.steps import go, prove, sign_in_at_the_provider
from tests.support.browser import Browser
from tests.support.server import Server


@pytest.fixture
def visitor(app: Server, chromium: Chromium) -> Iterator[Visitor]:
    with Visitor.with_own_browser(chromium, app.url) as visitor:
        # The provider's own pages may lack an icon, or fonts from elsewhere.
        visitor.tolerates(re.compile(rf"at \w+://(?!{re.escape(app.host)}/)"))
        yield visitor
        visitor.saw_no_complaint()


def test_visitor_signs_in_at_the_provider_and_every_tab_follows(
    visitor: Visitor, honest: Honest
) -> None:
    tab, other = visitor.open("/"), visitor.open("/login")
    tab.wait_for_url("**/login?callbackUrl=/")
    is_connected(other)
    sign_in_at_the_provider(tab, "Honest")
    tab.wait_for_url(visitor.url + "/")
    expect(tab.get_by_role("heading")).to_have_text("Hello ada of the provider")
    expect(tab.locator("#user")).to_have_text(f"{honest.issuer}#ada")
    other.wait_for_url(visitor.url + "/")
    is_connected(other)
    click(other, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/")


def test_user_known_at_the_provider_reauthenticates_for_a_protected_page(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    sign_in_at_the_provider(tab, "Honest")
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    click(tab, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/")
    is_connected(tab)
    click(tab, "Log in with Honest")
    tab.wait_for_url(visitor.url + "/")
    tab.goto(visitor.url + "/safe")
    tab.wait_for_url("**/confirm?callbackUrl=/safe")
    is_connected(tab)
    click(tab, "Log in again")
    prove(tab)
    tab.wait_for_url(visitor.url + "/safe")
    expect(tab.get_by_role("heading")).to_have_text("The safe")


def test_double_click_starts_one_sign_in(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    tab.route("**/api/auth/signin/honest", hold)
    click(tab, "Log in with Honest")
    wait_until(lambda: tab.evaluate("true") and held)
    click(tab, "Log in with Honest")
    held[0].continue_()
    expect(tab.locator("[name=login]")).to_be_visible()
    assert len(held) == 1


def test_sign_ins_of_two_tabs_both_succeed(visitor: Visitor, honest: Honest) -> None:
    older, newer = visitor.open("/login"), visitor.open("/login")
    for tab in (older, newer):
        is_connected(tab)
        click(tab, "Log in with Honest")
        expect(tab.locator("[name=login]")).to_be_visible()
    prove(older)
    older.get_by_role("button", name="Continue").click()
    older.wait_for_url(visitor.url + "/")
    prove(newer)
    newer.wait_for_url(visitor.url + "/")
    for tab in (older, newer):
        expect(tab.locator("#user")).to_have_text(f"{honest.issuer}#ada")


def test_cancelled_sign_in_is_explained_to_a_visitor(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    click(tab, "Log in with Honest")
    tab.get_by_role("link", name="Cancel").click()
    tab.wait_for_url("**/login?error=AccessDenied*")
    expect(tab.get_by_role("alert")).to_have_text("The sign-in was cancelled.")


def test_cancelled_sign_in_is_explained_to_a_member_and_returns(
    app: Server, visitor: Visitor
) -> None:
    ada = Browser(app)
    ada.log_in("ada")
    visitor.keep(ada.cookies)
    tab = visitor.open("/")
    send_form(tab, "signin/honest")
    tab.get_by_role("link", name="Cancel").click()
    tab.wait_for_url("**/login?error=AccessDenied*")
    is_connected(tab)
    expect(tab.get_by_role("alert")).to_have_text("The sign-in was cancelled.")
    tab.get_by_role("link", name="Go to the home page").click()
    tab.wait_for_url(visitor.url + "/")
    expect(tab.locator("#user")).to_have_text("ada")


def test_sign_out_at_the_provider_asks_for_the_password_again(
    visitor: Visitor,
) -> None:
    tab = visitor.open("/login")
    sign_in_at_the_provider(tab, "Leaving")
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    other = visitor.open("/")
    is_connected(other)
    click(tab, "Log out")
    other.wait_for_url("**/login?callbackUrl=/")
    tab.get_by_role("button", name="Yes, sign me out").click()
    tab.wait_for_url(visitor.url + "/login?callbackUrl=/")
    is_connected(tab)
    click(tab, "Log in with Leaving")
    expect(tab.locator("[name=password]")).to_be_visible()
    assert "id_token" not in "".join(visitor.frames)
    assert not [frame for frame in visitor.frames if "eyJ" in frame]


def test_plain_form_leads_to_the_provider_and_out_there(visitor: Visitor, honest: Honest) -> None:
    tab = visitor.open("/login")
    send_form(tab, "signin/leaving")
    prove(tab)
    tab.get_by_role("button", name="Continue").click()
    tab.wait_for_url(visitor.url + "/")
    expect(tab.locator("#user")).to_have_text(f"{honest.issuer}#ada")
    send_form(tab, "signout")
    tab.get_by_role("button", name="Yes, sign me out").click()
    tab.wait_for_url(visitor.url + "/login?callbackUrl=/")


def send_form(tab: Page, action: str) -> None:
    """Send a form of the page as its button does, by HTML alone."""
    tab.evaluate(
        """async (action) => {
          const { csrfToken } = await (await fetch("/api/auth/csrf")).json();
          const form = document.createElement("form");
          Object.assign(form, { method: "post", action: `/api/auth/${action}` });
          form.innerHTML = `<input name="csrfToken" value="${csrfToken}">`;
          document.body.append(form);
          form.requestSubmit();
        }""",
        action,
    )


def told(tab: Page) -> str:
    """Wait until the visitor is back at the sign-in page, and read what it says."""
    tab.wait_for_url("**/login?error=*")
    said = tab.get_by_role("alert").filter(has_text=re.compile("."))
    expect(said).to_have_count(1)
    return said.inner_text()


def signed_in_by_cheating(visitor: Visitor) -> Page:
    tab = visitor.open("/login")
    is_connected(tab)
    click(tab, "Log in with Cheat")
    return tab


CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "nonce": ({"nonce": "another"}, "The provider's response belongs to another sign-in."),
    "issuer": ({"iss": "https://elsewhere.example"}, "The response comes from another provider"),
    "audience": ({"aud": "another"}, "The provider's response is for another app."),
    "expired": ({"exp": 1}, "The provider's response is too old."),
}


@pytest.mark.parametrize("claim", CLAIMS)
def test_false_id_token_is_rejected_with_a_clear_page(
    visitor: Visitor, cheat: Cheat, claim: str
) -> None:
    changed, text = CLAIMS[claim]
    cheat.change = lambda claims: claims | changed
    assert told(signed_in_by_cheating(visitor)).startswith(text)


def test_mixed_up_provider_is_rejected_with_a_clear_page(visitor: Visitor, cheat: Cheat) -> None:
    cheat.answers = {"iss": "https://elsewhere.example"}
    text = "The response comes from another provider than the chosen one."
    assert told(signed_in_by_cheating(visitor)).startswith(text)


def test_another_providers_address_is_rejected_with_a_clear_page(
    visitor: Visitor, cheat: Cheat
) -> None:
    cheat.back = f"{visitor.url}/api/auth/callback/honest"
    text = "This sign-in took too long, or has already ended. Start again."
    assert told(signed_in_by_cheating(visitor)) == text


def test_code_that_was_used_is_rejected_with_a_clear_page(visitor: Visitor, cheat: Cheat) -> None:
    visitor.context.on("response", lambda answer: visited.append(answer.url))
    visited: list[str] = []
    tab = signed_in_by_cheating(visitor)
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    click(tab, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/")
    tab.goto(next(url for url in visited if "/callback/cheat?code=" in url))
    assert told(tab) == "This sign-in took too long, or has already ended. Start again."


def test_swapped_state_is_rejected_with_a_clear_page(
    app: Server, visitor: Visitor, cheat: Cheat
) -> None:
    address = cheat.authorize(go(Browser(app)))
    tab = visitor.open(address.removeprefix(visitor.url))
    assert told(tab) == "This sign-in was started in another browser. Start again in this one."


def test_error_page_is_in_the_visitors_language(
    app: Server, chromium: Chromium, cheat: Cheat
) -> None:
    with new_context(chromium, locale="zh-CN") as context:
        cheat.change = lambda claims: claims | {"exp": 1}
        tab = Visitor(context, app.url).open("/login")
        is_connected(tab)
        click(tab, "使用 Cheat 登录")
        assert told(tab).startswith("登录服务的答复已过期。")


def test_visitor_signs_in_at_github(visitor: Visitor, github: GitHub) -> None:
    tab = visitor.open("/login")
    is_connected(tab)
    click(tab, "Log in with GitHub")
    tab.get_by_role("button", name="Authorize").click()
    tab.wait_for_url(visitor.url + "/")
    expect(tab.locator("#user")).to_have_text(github.user_id)
    tab.goto(visitor.url + "/safe")
    tab.wait_for_url("**/confirm?callbackUrl=/safe")
    is_connected(tab)
    expect(tab.get_by_text("log in another way")).to_be_visible()
    click(tab, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/confirm%3FcallbackUrl%3D/safe")


def test_sign_out_at_the_provider_ends_the_session_in_every_tab(
    visitor: Visitor, honest: Honest
) -> None:
    tab = visitor.open("/login")
    sign_in_at_the_provider(tab, "Leaving")
    tab.wait_for_url(visitor.url + "/")
    is_connected(tab)
    there = visitor.context.new_page()
    there.goto(f"{honest.issuer}/session/end")
    there.get_by_role("button", name="Yes, sign me out").click()
    tab.wait_for_url("**/login?callbackUrl=/&error=SessionRequired&code=ended")
