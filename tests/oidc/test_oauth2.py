"""Sign-in at GitHub, which speaks plain OAuth 2 in its own way; and what could go wrong there."""

from __future__ import annotations

import httpx
import pytest

from authdemo.sessions import ConfigurationError
from authdemo.sessions.providers import OAuth2, github
from authdemo.testing import set_cookies
from authdemo.testing.browser import AS_CLIENT, SESSION
from tests.oidc.github import EMAILS, GitHub
from tests.oidc.steps import go, query_of, refusal
from tests.support.browser import Browser
from tests.support.server import Server


def oauth_callback(
    browser: Browser, github: GitHub, asked: dict[str, str], provider: str = "github", **more: str
) -> httpx.Response:
    """Come back from GitHub with what it sends along, or with something else."""
    query = {**query_of(github.authorize(asked)), **more}
    return browser.get(f"/api/auth/callback/{provider}?{httpx.QueryParams(query)}")


def test_visitor_is_known_by_githubs_number_and_verified_address(
    browser: Browser, github: GitHub
) -> None:
    asked = go(browser, "github")
    assert (asked["code_challenge_method"], asked["scope"]) == ("S256", "read:user user:email")
    assert "nonce" not in asked
    answer = oauth_callback(browser, github, asked)
    assert answer.headers["Location"] == browser.server.url + "/"
    user = browser.session()["user"]
    assert (user["id"], user["name"]) == (github.user_id, "The Octocat")
    assert user["email"] == "mona@example.org", "the primary one, though the profile has none"


def test_github_user_with_a_new_login_is_the_same_user(browser: Browser, github: GitHub) -> None:
    github.profile |= {"login": "someone", "name": None}
    oauth_callback(browser, github, go(browser, "github"))
    user = browser.session()["user"]
    assert (user["id"], user["name"]) == (github.user_id, "someone")


@pytest.mark.parametrize(
    "emails",
    [
        [{**EMAILS[1], "verified": False}, EMAILS[0]],
        [EMAILS[0]],
        [],
        {"message": "Server Error"},
        [{"email": ["mona@example.org"], "primary": True, "verified": True}, "mona@example.org"],
    ],
    ids=["not verified", "none primary", "none", "no list", "no addresses"],
)
def test_unverified_or_secondary_address_is_ignored(
    browser: Browser, github: GitHub, emails: object
) -> None:
    github.emails = emails
    github.profile["email"] = "claimed@example.org"
    oauth_callback(browser, github, go(browser, "github"))
    user = browser.session()["user"]
    assert (user["id"], user["email"]) == (github.user_id, None)


def test_user_without_email_scope_signs_in_without_address(
    browser: Browser, github: GitHub
) -> None:
    github.takes_away = frozenset({"user:email"})
    oauth_callback(browser, github, go(browser, "github"))
    assert browser.session()["user"]["email"] is None


@pytest.mark.parametrize("number", [None, "583231", True, {}, 1.5])
def test_profile_without_number_is_rejected(
    browser: Browser, github: GitHub, number: object
) -> None:
    github.profile["id"] = number
    answer = oauth_callback(browser, github, go(browser, "github"))
    assert refusal(answer, browser) == "subject"


def test_code_is_accepted_once(browser: Browser, github: GitHub) -> None:
    asked = go(browser, "github")
    code = query_of(github.authorize(asked))["code"]
    again = f"/api/auth/callback/github?{httpx.QueryParams(code=code, state=asked['state'])}"
    assert browser.get(again).headers["Location"] == browser.server.url + "/"
    browser.log_out()
    assert refusal(browser.get(again), browser) == "state"
    answer = oauth_callback(browser, github, go(browser, "github"), code=code)
    assert refusal(answer, browser) == "refused", "GitHub says so with status 200"


def test_state_of_another_browser_is_rejected(
    app: Server, browser: Browser, github: GitHub
) -> None:
    victim = Browser(app)
    go(victim, "github")
    assert refusal(oauth_callback(victim, github, go(browser, "github")), victim) == "browser"


def test_swapped_state_is_rejected(app: Server, browser: Browser, github: GitHub) -> None:
    """An attacker sends a victim back with the attacker's code, to sign it in as the attacker."""
    thief = query_of(github.authorize(go(Browser(app), "github")))
    answer = oauth_callback(browser, github, go(browser, "github"), code=thief["code"])
    assert refusal(answer, browser) == "refused", "the proof key is another sign-in's"


def test_another_providers_code_and_state_are_rejected(browser: Browser, github: GitHub) -> None:
    forged = go(browser, "forge")
    assert refusal(oauth_callback(browser, github, forged), browser) == "state"
    code = query_of(github.authorize(go(browser, "forge")))["code"]
    answer = oauth_callback(browser, github, go(browser, "github"), code=code)
    assert refusal(answer, browser) == "refused"


def test_response_of_another_issuer_is_rejected(browser: Browser, github: GitHub) -> None:
    """RFC 9207; GitHub says who it is since 2026, and need not."""
    asked = go(browser, "github")
    answer = oauth_callback(browser, github, asked, iss="https://elsewhere.example")
    assert refusal(answer, browser) == "issuer"
    asked = go(browser, "github")
    query = query_of(github.authorize(asked))
    del query["iss"]
    browser.get(f"/api/auth/callback/github?{httpx.QueryParams(query)}")
    assert browser.session()["user"]["id"] == github.user_id


def test_cancelled_sign_in_redirects_with_an_error(browser: Browser) -> None:
    state = go(browser, "github")["state"]
    answer = browser.get(f"/api/auth/callback/github?error=access_denied&state={state}")
    assert refusal(answer, browser) == "cancelled"


def test_other_oauth2_provider_is_declared_by_its_endpoints(
    browser: Browser, github: GitHub
) -> None:
    oauth_callback(browser, github, go(browser, "forge"), provider="forge")
    user = browser.session()["user"]
    assert (user["id"], user["name"], user["email"]) == (github.user_id, "octocat", None)


def test_provider_type_is_oauth(browser: Browser) -> None:
    providers = browser.get("/api/auth/providers").json()
    kinds = {name: way["type"] for name, way in providers.items()}
    assert (kinds["github"], kinds["forge"], kinds["honest"]) == ("oauth", "oauth", "oidc")


def test_endpoint_without_https_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="token_endpoint of 'github' must be an https"):
        github(client_id="x", token_endpoint="http://git.example.com/token")
    with pytest.raises(ConfigurationError, match="needs a client_id"):
        github(client_id="")


def test_github_preset_has_the_public_endpoints() -> None:
    provider: OAuth2 = github(client_id="x", client_secret="y")
    assert provider.issuer == "https://github.com/login/oauth"
    assert provider.userinfo_endpoint == "https://api.github.com/user"
    assert "client_secret" not in repr(provider)


@pytest.mark.parametrize("remember", ["true", "false"])
def test_choice_to_be_remembered_survives_the_way_to_the_provider(
    browser: Browser, github: GitHub, remember: str
) -> None:
    form = {"csrfToken": browser.csrf(), "callbackUrl": "/", "remember": remember}
    answer = browser.post("/api/auth/signin/github", data=form, headers=AS_CLIENT)
    came = oauth_callback(browser, github, query_of(answer.json()["url"]))
    (attributes,) = (rest for name, _, rest in set_cookies(came) if name == SESSION)
    assert ("Max-Age" in attributes) == (remember == "true")
