"""The unchanged `next-auth/react` works against this server."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from tests.wire.browser import LOCK

JOHN = {
    "id": "john_doe",
    "name": "John Doe",
    "email": "email@email.email",
    "image": None,
    "role": "user",
    "email_verified": False,
    "two_factor": False,
}
TOKEN = "authjs.session-token"
UPDATE = ["GET /api/auth/csrf", "POST /api/auth/session"]


def session_behind(app_url, token):
    cookie = {"Cookie": f"{TOKEN}={token}"}
    return httpx.get(f"{app_url}/api/auth/session", headers=cookie).json()


def test_the_client_is_the_one_that_the_server_names():
    assert '"version": "5.0.0-beta.32"' in LOCK.read_text()


# --- Nobody is signed in


def test_the_client_finds_the_providers_and_their_absolute_addresses(anonymous, app_url):
    types = {"credentials": "credentials", "email": "email", "passkey": "credentials"}
    assert anonymous.get_providers() == {
        each: {
            "id": each,
            "name": each.capitalize(),
            "type": kind,
            "signinUrl": f"{app_url}/api/auth/signin/{each}",
            "callbackUrl": f"{app_url}/api/auth/callback/{each}",
        }
        for each, kind in types.items()
    }


def test_the_client_requests_a_sign_in_link(anonymous, app_url):
    page = f"{app_url}/sign-in-link?provider=email&type=email"
    assert anonymous.sign_in_with("email", email="email@email.email") == page
    answer = anonymous.sign_in_without_leaving("email", email="unknown@example.org")
    assert (answer["ok"], answer.get("error"), answer["url"]) == (True, None, page)
    assert anonymous.sign_in_without_leaving("email", email="")["error"] == "EmailSignInError"


def test_a_new_visitor_is_unauthenticated(browser):
    window = browser.open()
    assert window.first_view == {"status": "loading", "session": None}
    assert window.expect_session("unauthenticated")["session"] is None
    assert window.get_session() is None
    assert TOKEN not in browser.cookies
    assert window.printed() == []


@pytest.mark.parametrize(
    ("user_id", "password"),
    [("john_doe", "wrong"), ("nobody", "tutorial"), ("john_doe", "ключ🔑")],
)
def test_bad_credentials_are_reported_as_by_auth_js(anonymous, user_id, password):
    answer = anonymous.sign_in(user_id, password)
    assert answer["error"] == "CredentialsSignin"
    assert answer["code"] == "credentials"
    assert answer["url"] is None
    assert anonymous.get_session() is None
    anonymous.expect_session("unauthenticated")
    assert TOKEN not in anonymous.browser.cookies


def test_bad_credentials_lead_to_the_login_page_with_the_reason(anonymous, app_url):
    anonymous.sign_in("john_doe", "wrong", redirect=True)
    login = f"{app_url}/login?error=CredentialsSignin&code=credentials"
    assert anonymous.navigations() == [login]


def test_an_update_while_nobody_is_signed_in_gives_null(anonymous):
    assert anonymous.update({"name": "A Name"}) is None
    anonymous.expect_session("unauthenticated")
    assert anonymous.get_session() is None


def test_signing_out_while_nobody_is_signed_in_does_no_harm(anonymous, app_url):
    assert anonymous.sign_out() == {"url": f"{app_url}/"}
    anonymous.expect_session("unauthenticated")


# --- Signing in


def test_good_credentials_sign_in(anonymous, app_url):
    answer = anonymous.sign_in("john_doe", "tutorial")
    assert answer == {"status": 200, "ok": True, "url": f"{app_url}/"}
    view = anonymous.expect_session("authenticated", id="john_doe")
    assert view["session"]["user"] == JOHN
    assert datetime.fromisoformat(view["session"]["expires"]) > datetime.now(UTC)
    assert anonymous.printed() == []


def test_signing_in_takes_the_requests_that_auth_js_makes(anonymous):
    anonymous.sign_in("john_doe", "tutorial")
    assert anonymous.browser.requests(4) == [
        "GET /api/auth/providers",
        "GET /api/auth/csrf",
        "POST /api/auth/callback/credentials",
        "GET /api/auth/session",
    ]


def test_after_signing_in_the_window_goes_where_it_was_asked_to(anonymous, app_url):
    anonymous.sign_in("john_doe", "tutorial", redirect=True, redirectTo="/client?tab=2")
    assert anonymous.navigations() == [f"{app_url}/client?tab=2"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http://127.0.0.1.evil.example/",
        "foo",
    ],
)
def test_a_foreign_callback_url_is_not_followed(anonymous, app_url, url):
    answer = anonymous.sign_in("john_doe", "tutorial", redirectTo=url)
    assert answer["ok"]
    assert answer["url"].removesuffix("/") == app_url
    assert anonymous.sign_out(redirectTo=url)["url"].removesuffix("/") == app_url


def test_signing_in_again_replaces_the_session(signed_in, app_url):
    old = signed_in.browser.cookies[TOKEN]
    signed_in.sign_in("jane_admin", "tutorial")
    signed_in.expect_session("authenticated", id="jane_admin", role="admin")
    assert session_behind(app_url, old) is None


def test_a_failed_attempt_leaves_who_is_signed_in_alone(signed_in):
    assert signed_in.sign_in("jane_admin", "wrong")["error"] == "CredentialsSignin"
    assert signed_in.get_session()["user"] == JOHN
    signed_in.expect_session("authenticated", id="john_doe")


def test_a_reloaded_page_is_still_signed_in(signed_in):
    reloaded = signed_in.browser.open("/client")
    assert reloaded.expect_session("authenticated")["session"]["user"] == JOHN


def test_a_page_that_was_given_the_session_asks_for_nothing(signed_in):
    session = signed_in.get_session()
    assert signed_in.browser.requests(1) == ["GET /api/auth/session"]
    page = signed_in.browser.open(provider={"session": session})
    assert page.first_view == {"status": "authenticated", "session": session}
    page.update({"name": "Client-Man"})
    assert page.browser.requests(2)[:2] == UPDATE


def test_a_page_that_requires_a_session_sends_visitors_to_log_in(browser, app_url):
    window = browser.open("/client", hook={"required": True})
    window.get_session()
    window.expect_session("loading")
    shown = httpx.get(window.navigation())
    assert shown.status_code == 302
    login = httpx.URL(shown.headers["Location"])
    assert login.path == "/login"
    back = f"{app_url}/client"
    assert dict(login.params) == {"error": "SessionRequired", "callbackUrl": back}


# --- Updating


def test_an_update_changes_what_is_shown_and_the_cookie(signed_in, app_url):
    before = signed_in.browser.cookies[TOKEN]
    session = signed_in.update({"name": "Client-Man"})
    assert session["user"] == {**JOHN, "name": "Client-Man"}
    assert signed_in.expect_session("authenticated", name="Client-Man")["session"] == session
    after = signed_in.browser.cookies[TOKEN]
    assert after != before
    assert session_behind(app_url, after) == session
    assert signed_in.printed() == []


def test_an_update_takes_the_requests_that_auth_js_makes(signed_in):
    signed_in.update({"name": "Client-Man"})
    assert signed_in.browser.requests(2) == UPDATE


def test_an_update_may_repeat_the_rest_of_the_user(signed_in):
    user = signed_in.get_session()["user"]
    session = signed_in.update({**user, "name": "Client-Man"})
    assert session["user"] == {**JOHN, "name": "Client-Man"}


def test_an_update_leaves_the_fields_that_it_does_not_name(signed_in):
    image = "https://example.com/john.png"
    signed_in.update({"image": image})
    signed_in.expect_session("authenticated", image=image)
    session = signed_in.update({"name": "Client-Man"})
    assert session["user"] == {**JOHN, "name": "Client-Man", "image": image}


def test_an_update_without_data_only_reads(signed_in):
    before = signed_in.expect_session("authenticated")["session"]
    cookie = signed_in.browser.cookies[TOKEN]
    assert signed_in.update() == before
    assert signed_in.browser.requests(1) == ["GET /api/auth/session"]
    assert signed_in.browser.cookies[TOKEN] == cookie


def test_an_update_with_null_changes_nothing(signed_in):
    before = signed_in.get_session()
    assert signed_in.update(None) == before


@pytest.mark.parametrize(
    "data",
    [
        {"role": "admin"},
        {"id": "jane_admin"},
        {"name": "Client-Man", "role": "admin"},
        {"user": {"name": "Client-Man"}},
        {"expires": "2099-01-01T00:00:00.000Z"},
        {"name": ""},
        {"name": None},
        {"name": "x" * 65},
        {"name": "\ud800"},
        {"name": "x" * 20_000},
        {"image": "javascript:alert(1)"},
        ["name"],
    ],
    ids=lambda data: str(data)[:40].encode("ascii", "backslashreplace").decode(),
)
def test_a_refused_update_gives_null_and_changes_nothing(signed_in, data):
    before = signed_in.get_session()
    cookie = signed_in.browser.cookies[TOKEN]
    assert signed_in.update(data) is None
    assert signed_in.expect_session("authenticated")["session"] == before
    assert signed_in.get_session() == before
    assert signed_in.browser.cookies[TOKEN] == cookie
    session = signed_in.update({"name": "Client-Man"})
    assert session["user"] == {**JOHN, "name": "Client-Man"}


def test_the_console_says_why_an_update_was_refused(signed_in):
    signed_in.update({"role": "admin"})
    (line,) = signed_in.printed()
    assert line.startswith("error: ClientFetchError: ")
    assert "role" in line


# --- Several windows


def test_what_one_window_updates_the_other_shows(signed_in):
    other = signed_in.browser.open()
    other.expect_session("authenticated", name="John Doe")
    signed_in.update({"name": "Client-Man"})
    other.expect_session("authenticated", name="Client-Man")
    other.update({"name": "Another Name"})
    signed_in.expect_session("authenticated", name="Another Name")


def test_updates_of_different_fields_from_two_windows_both_last(signed_in):
    other = signed_in.browser.open()
    other.expect_session("authenticated")
    signed_in.update({"name": "Client-Man"})
    other.expect_session("authenticated", name="Client-Man")
    other.update({"image": "https://example.com/john.png"})
    signed_in.expect_session(
        "authenticated", name="Client-Man", image="https://example.com/john.png"
    )


def test_signing_out_in_one_window_signs_out_the_other(signed_in):
    other = signed_in.browser.open()
    other.expect_session("authenticated")
    signed_in.sign_out()
    other.expect_session("unauthenticated")


def test_another_device_has_a_session_of_its_own(signed_in, new_browser):
    signed_in.update({"name": "Client-Man"})
    signed_in.expect_session("authenticated", name="Client-Man")
    other_device = new_browser().open()
    other_device.sign_in("john_doe", "tutorial")
    assert other_device.expect_session("authenticated")["session"]["user"] == JOHN
    other_device.sign_out()
    assert signed_in.get_session()["user"]["name"] == "Client-Man"


def test_a_window_that_comes_back_learns_that_its_session_was_ended(signed_in, app_url):
    cookies = httpx.Cookies(signed_in.browser.cookies)
    with httpx.Client(base_url=f"{app_url}/api/auth/", cookies=cookies) as other:
        csrf = other.get("csrf").json()["csrfToken"]
        other.post("sessions/revoke", json={"csrfToken": csrf, "all": True})
    signed_in.oauth_callback()
    signed_in.expect_session("unauthenticated")


# --- Signing out


def test_signing_out_ends_the_session_and_the_old_cookie_with_it(signed_in, app_url):
    old = signed_in.browser.cookies[TOKEN]
    assert session_behind(app_url, old)["user"] == JOHN
    assert signed_in.sign_out() == {"url": f"{app_url}/"}
    assert signed_in.expect_session("unauthenticated")["session"] is None
    assert TOKEN not in signed_in.browser.cookies
    assert session_behind(app_url, old) is None


def test_after_signing_out_the_window_goes_where_it_was_asked_to(signed_in, app_url):
    signed_in.sign_out(redirect=True, redirectTo="/login")
    assert signed_in.navigations() == [f"{app_url}/login"]


def test_the_same_window_can_sign_in_again_after_signing_out(signed_in):
    signed_in.sign_out()
    signed_in.expect_session("unauthenticated")
    signed_in.sign_in("jane_admin", "tutorial")
    signed_in.expect_session("authenticated", id="jane_admin")
    assert signed_in.update({"name": "Jane"})["user"]["name"] == "Jane"
