"""The forms to sign in and out, as a browser without JavaScript sends them."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import quote

import pytest

from tests.support.browser import PASSWORD, Browser
from tests.support.forms import FormReader, submit
from tests.support.second_factor import PASSWORD as OWNERS_PASSWORD
from tests.support.second_factor import make_owner

SIGN_IN, SIGN_OUT = "/api/auth/callback/credentials", "/api/auth/signout"
JOHN = {"id": "john_doe", "password": PASSWORD}
PAGE = {"Accept": "text/html"}


def test_form_signs_in_and_leads_to_the_wanted_page(browser: Browser) -> None:
    answer = submit(browser, "/login?callbackUrl=/client%3Fa=1", SIGN_IN, **JOHN)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{browser.server.url}/client?a=1",
    )
    assert browser.session()["user"]["id"] == "john_doe"


def test_form_without_its_box_ticked_signs_in_until_the_browser_closes(browser: Browser) -> None:
    answer = submit(browser, "/login", SIGN_IN, **JOHN, remember="off")
    cookies = answer.headers.get_list("set-cookie")
    assert not any("session-token" in each and "Max-Age" in each for each in cookies)
    assert browser.session()


def test_form_to_another_site_leads_home(browser: Browser) -> None:
    answer = submit(browser, "/login?callbackUrl=https://evil.example", SIGN_IN, **JOHN)
    assert answer.headers["Location"] == browser.server.url


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "The id or the password is wrong."), ("zh", "账号或密码不正确。")],
)
def test_wrong_password_is_explained_in_the_page(
    browser: Browser, language: str, said: str
) -> None:
    answer = submit(browser, "/login?callbackUrl=/client", SIGN_IN, id="john_doe", password="x")
    url = f"{browser.server.url}/login?error=CredentialsSignin&code=credentials&callbackUrl=/client"
    assert answer.headers["Location"] == url
    page = browser.get(url, headers={**PAGE, "Accept-Language": language}).text
    assert f">{escape(said)}</p>" in page
    assert FormReader(page).forms[SIGN_IN]["callbackUrl"] == "/client"


def test_unknown_error_of_the_address_is_not_repeated(browser: Browser) -> None:
    page = browser.get("/login?error=Call+0900&code=now", headers=PAGE).text
    assert not re.search("Call.{1,3}0900", page)
    assert "Something went wrong. Try again.</p>" in page


def test_markup_in_the_address_is_escaped(browser: Browser) -> None:
    wanted = '/"><script>alert(1)</script>{{session.user.name}}'
    page = browser.get(f"/login?callbackUrl={quote(wanted)}", headers=PAGE).text
    assert FormReader(page).forms[SIGN_IN]["callbackUrl"] == wanted
    assert "<script>alert" not in page


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_page_holds_the_browsers_own_token(
    browser: Browser, other_browser: Browser, encoding: str
) -> None:
    tokens = set()
    for each in (browser, other_browser):
        page = each.get("/login", headers={**PAGE, "Accept-Encoding": encoding})
        assert "no-store" in page.headers["Cache-Control"]
        tokens.add(FormReader(page.text).forms[SIGN_IN]["csrfToken"])
        assert each.csrf() in tokens
    assert len(tokens) == 2


def test_form_of_another_browser_signs_nobody_in(browser: Browser, other_browser: Browser) -> None:
    browser.get("/login")
    page = other_browser.get("/login", headers=PAGE).text
    fields = FormReader(page).forms[SIGN_IN]
    answer = browser.post(SIGN_IN, data={**fields, **JOHN}, headers=PAGE)
    assert answer.headers["Location"] == f"{browser.server.url}/login?error=MissingCSRF"
    assert browser.session() is None


def test_form_on_a_page_of_another_site_signs_nobody_in(browser: Browser) -> None:
    fields = FormReader(browser.get("/login", headers=PAGE).text).forms[SIGN_IN]
    origin = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = browser.post(SIGN_IN, data={**fields, **JOHN}, headers={**PAGE, **origin})
    assert answer.status_code == 403
    assert browser.session() is None


@pytest.mark.parametrize("path", ["/", "/client", "/account"])
def test_form_of_a_page_signs_out(john: Browser, path: str) -> None:
    answer = submit(john, path, SIGN_OUT)
    assert (answer.status_code, answer.headers["Location"]) == (302, john.server.url)
    assert john.session() is None


def test_form_of_an_earlier_session_signs_nobody_out_and_says_why(john: Browser) -> None:
    fields = FormReader(john.get("/", headers=PAGE).text).forms[SIGN_OUT]
    john.log_in("jane_admin")
    answer = john.post(SIGN_OUT, data=fields, headers=PAGE)
    assert answer.headers["Location"] == f"{john.server.url}/login?error=MissingCSRF"
    page = john.get(answer.headers["Location"], headers=PAGE).text
    assert "The form was open too long. Try again.</p>" in page
    assert john.session()["user"]["id"] == "jane_admin"


def test_form_for_the_code_finishes_the_sign_in(browser: Browser) -> None:
    owner = make_owner(browser.server)
    answer = submit(browser, "/login", SIGN_IN, id=owner.id, password=OWNERS_PASSWORD)
    assert answer.headers["Location"] == f"{browser.server.url}/code"
    answer = submit(browser, "/code", SIGN_IN, code="000000")
    url = f"{browser.server.url}/code?error=CredentialsSignin&code=code"
    assert answer.headers["Location"] == url
    assert "The code is wrong, or was used already.</p>" in browser.get(url, headers=PAGE).text
    assert submit(browser, "/code", SIGN_IN, code=owner.code()).status_code == 302
    assert browser.session()["level"] == 2
