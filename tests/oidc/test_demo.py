"""The demo, with providers that its operator has switched on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import ViewportSize, expect

from tests.audit.axe import findings
from tests.browser import new_context
from tests.e2e.visitor import Visitor, click, field_of, is_connected
from tests.oidc.conftest import SECRET, Honest
from tests.oidc.steps import sign_in_at_the_provider
from tests.support.browser import Browser
from tests.support.second_factor import Owner, make_owner
from tests.support.server import Server, running


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, honest: Honest) -> Iterator[Server]:
    variables = {
        "PORT": str(honest.demo),
        "AUTH_OIDC_ISSUER": honest.issuer,
        "AUTH_OIDC_ID": "my_app",
        "AUTH_OIDC_SECRET": SECRET,
        "AUTH_GITHUB_ID": "an app",
        "AUTH_GITHUB_SECRET": "a secret of GitHub's",
    }
    with running(tmp_path_factory.mktemp("demo"), **variables) as server:
        yield server


def test_user_of_a_provider_is_a_user_like_others(
    demo: Server, chromium: Chromium, honest: Honest
) -> None:
    with Visitor.with_own_browser(chromium, demo.url) as visitor:
        tab = visitor.open("/client")
        sign_in_at_the_provider(tab, "OpenID Connect")
        tab.wait_for_url(demo.url + "/client")
        visitor.is_live(tab)
        expect(field_of(tab, "id")).to_have_text(f"{honest.issuer}#ada")
        expect(field_of(tab, "role")).to_have_text("user")
        click(tab, "Client Side Update")
        expect(field_of(tab, "name")).to_have_text("Client-Man")
        tab.goto(demo.url + "/account")
        expect(field_of(tab, "name")).to_have_text("Client-Man")
        expect(tab.locator("[name=new]")).to_have_count(0)
        tab.goto(demo.url + "/admin")
        expect(tab.get_by_role("alert")).to_have_text("You don't have permission to see this page.")


@pytest.fixture
def owner(demo: Server, honest: Honest) -> Iterator[Owner]:
    """A second factor of the provider's user."""
    owner = make_owner(demo, f"{honest.issuer}#ada")
    yield owner
    owner.work(lambda accounts: accounts.delete(owner.id))


def test_user_of_a_provider_is_asked_for_the_code(
    demo: Server, chromium: Chromium, owner: Owner
) -> None:
    with Visitor.with_own_browser(chromium, demo.url) as visitor:
        tab = visitor.open("/client")
        sign_in_at_the_provider(tab, "OpenID Connect")
        tab.wait_for_url(f"{demo.url}/code?callbackUrl=/client")
        is_connected(tab)
        assert visitor.open("/client").url.startswith(f"{demo.url}/login")
        tab.locator("[name=code]").fill(owner.code())
        click(tab, "Continue")
        tab.wait_for_url(f"{demo.url}/client")
        visitor.is_live(tab)
        expect(field_of(tab, "id")).to_have_text(owner.id)


def test_csp_allows_forms_to_the_providers_only(demo: Server, honest: Honest) -> None:
    policy = Browser(demo).get("/login").headers["Content-Security-Policy"]
    allowed = next(rule for rule in policy.split("; ") if rule.startswith("form-action "))
    assert allowed == f"form-action 'self' {honest.issuer} https://github.com"


@pytest.mark.parametrize("width", [390, 1280], ids="{} px".format)
@pytest.mark.parametrize("light", ["light", "dark"])
def test_provider_buttons_are_accessible(
    demo: Server, chromium: Chromium, width: int, light: Literal["light", "dark"]
) -> None:
    size = ViewportSize(width=width, height=800)
    with new_context(chromium, bypass_csp=True, color_scheme=light, viewport=size) as context:
        tab = Visitor(context, demo.url).open("/login?error=OAuthCallbackError&code=nonce")
        is_connected(tab)
        buttons = tab.get_by_role("button", name="Log in with")
        expect(buttons).to_have_text(["Log in with OpenID Connect", "Log in with GitHub"])
        expect(tab.get_by_role("alert")).to_contain_text("belongs to another sign-in")
        assert findings(tab) == []
        click(tab, "中文")
        expect(buttons).to_have_count(0)
        expect(tab.get_by_role("button", name="使用 GitHub 登录")).to_be_visible()
