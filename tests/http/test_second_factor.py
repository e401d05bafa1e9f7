"""Sign-in with a second factor: no session begins before the code."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.browser import Browser
from tests.support.second_factor import PASSWORD, Owner, make_owner
from tests.support.server import Server
from tests.support.tab import Tab

CHALLENGE, REMEMBERED = "authjs.challenge", "authjs.remembered"
CREDENTIALS = "/api/auth/callback/credentials"


@pytest.fixture
def owner(server: Server) -> Owner:
    """An account with a second factor."""
    return make_owner(server)


def send(browser: Browser, **fields: Any) -> httpx.Response:
    """Post to the callback as Auth.js's client does."""
    headers = {"X-Auth-Return-Redirect": "1"}
    return browser.post(CREDENTIALS, json={"csrfToken": browser.csrf(), **fields}, headers=headers)


def enter_password(browser: Browser, owner: Owner, **fields: Any) -> httpx.Response:
    return send(browser, id=owner.id, password=PASSWORD, **fields)


def query(answer: httpx.Response) -> tuple[str, str, str]:
    """Read where a rejection leads, as Auth.js's client does."""
    url = httpx.URL(answer.json()["url"])
    return url.path, url.params["error"], url.params["code"]


def test_right_password_begins_no_session_before_the_code(browser: Browser, owner: Owner) -> None:
    answer = enter_password(browser, owner, callbackUrl="/client")
    assert answer.status_code == 401
    assert query(answer) == ("/code", "CredentialsSignin", "second_factor")
    assert browser.session() is None
    answer = send(browser, code=owner.code())
    assert answer.status_code == 200
    assert answer.json()["url"] == f"{browser.server.url}/client"
    session = browser.session()
    assert session["user"]["id"] == owner.id
    assert (session["amr"], session["level"]) == (["pwd", "otp"], 2)
    assert CHALLENGE not in browser.cookies


def test_recovery_code_signs_in_once(
    browser: Browser, other_browser: Browser, owner: Owner
) -> None:
    code = owner.recovery_code()
    for each, status in ((browser, 200), (other_browser, 401)):
        enter_password(each, owner)
        assert send(each, code=code).status_code == status
    assert browser.session()["level"] == 2
    assert other_browser.session() is None


def test_password_and_code_in_one_request_sign_in(browser: Browser, owner: Owner) -> None:
    assert enter_password(browser, owner, code="000000").status_code == 401
    assert browser.session() is None
    assert enter_password(browser, owner, code=owner.code()).status_code == 200
    assert browser.session()["level"] == 2


def test_plain_form_is_led_to_the_page_for_the_code_and_on(browser: Browser, owner: Owner) -> None:
    form = {
        "csrfToken": browser.csrf(),
        "id": owner.id,
        "password": PASSWORD,
        "callbackUrl": "/client",
    }
    answer = browser.post(CREDENTIALS, data=form)
    assert (answer.status_code, answer.headers["Location"]) == (
        302,
        f"{browser.server.url}/code?callbackUrl=/client",
    )
    assert browser.get("/code").status_code == 200
    answer = browser.post(CREDENTIALS, data={"csrfToken": browser.csrf(), "code": owner.code()})
    assert answer.headers["Location"] == f"{browser.server.url}/client"
    assert browser.session()["user"]["id"] == owner.id


def test_sign_in_over_a_socket_leads_to_the_page_for_the_code(
    browser: Browser, owner: Owner
) -> None:
    browser.get("/login")
    with Tab(browser.server, browser, path="/login?callbackUrl=/client") as tab:
        ticket = tab.log_in(owner.id, PASSWORD)
    answer = browser.redeem(ticket)
    assert answer.json() == {"url": f"{browser.server.url}/code?callbackUrl=/client"}
    assert browser.session() is None
    assert send(browser, code=owner.code()).json()["url"].endswith("/client")
    assert browser.session()["level"] == 2


def test_wrong_password_says_nothing_about_the_second_factor(
    browser: Browser, other_browser: Browser, owner: Owner
) -> None:
    wrong = send(browser, id=owner.id, password="wrong")
    unknown = send(other_browser, id="nobody_has_this", password="wrong")
    with_code = send(browser, id=owner.id, password="wrong", code=owner.code())
    assert wrong.json() == unknown.json() == with_code.json()
    assert CHALLENGE not in browser.cookies
    assert send(browser, id=owner.id, password=PASSWORD, code=owner.code()).status_code == 200


def test_code_without_a_password_before_it_is_rejected(browser: Browser, owner: Owner) -> None:
    answer = send(browser, code=owner.code())
    assert query(answer) == ("/login", "CredentialsSignin", "challenge")
    assert browser.session() is None


def test_challenge_is_good_once(browser: Browser, owner: Owner) -> None:
    enter_password(browser, owner)
    copy = browser.copy()
    assert send(browser, code=owner.recovery_code()).status_code == 200
    assert query(send(copy, code=owner.recovery_code()))[2] == "challenge"
    assert copy.session() is None


def test_challenge_of_another_browser_is_rejected(
    browser: Browser, other_browser: Browser, owner: Owner
) -> None:
    enter_password(browser, owner)
    other_browser.csrf()
    other_browser.cookies[CHALLENGE] = browser.cookies[CHALLENGE]
    assert query(send(other_browser, code=owner.recovery_code()))[2] == "challenge"
    assert other_browser.session() is None
    assert send(browser, code=owner.recovery_code()).status_code == 200


def test_code_of_another_account_is_rejected(browser: Browser, owner: Owner) -> None:
    other = make_owner(browser.server)
    enter_password(browser, owner)
    for code in (other.code(), other.recovery_code()):
        assert query(send(browser, code=code)) == ("/code", "CredentialsSignin", "code")
    assert browser.session() is None


def test_twenty_guesses_are_stopped_for_the_account_and_from_anywhere(
    browser: Browser, other_browser: Browser, owner: Owner
) -> None:
    enter_password(browser, owner)
    answers = [send(browser, code=f"{number:06}") for number in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 15
    assert int(answers[-1].headers["Retry-After"]) > 60
    enter_password(other_browser, owner)
    assert send(other_browser, code=owner.code()).status_code == 429
    assert other_browser.session() is None
    assert browser.server.audited(kind="sign-in-failed", detail="code", user=owner.id)


def test_guesses_at_once_are_stopped(browser: Browser, owner: Owner) -> None:
    enter_password(browser, owner)
    copies = [browser.copy() for _ in range(20)]
    csrf = browser.csrf()

    def guess(copy: Browser) -> int:
        body = {"csrfToken": csrf, "code": "000000"}
        return copy.post(
            CREDENTIALS, json=body, headers={"X-Auth-Return-Redirect": "1"}
        ).status_code

    with ThreadPoolExecutor(20) as threads:
        statuses = list(threads.map(guess, copies))
    assert statuses.count(401) == 5
    assert statuses.count(429) == 15


def test_one_code_used_twice_at_once_signs_in_once(browser: Browser, owner: Owner) -> None:
    browsers = [Browser(browser.server) for _ in range(4)]
    for each in browsers:
        enter_password(each, owner)
        each.csrf()
    code = owner.code()
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda each: send(each, code=code).status_code, browsers))
    assert statuses.count(200) == 1
    assert sum(each.session() is not None for each in browsers) == 1


def test_account_disabled_between_the_steps_gets_no_session(
    browser: Browser, jane: Browser, owner: Owner
) -> None:
    enter_password(browser, owner)
    owner.work(lambda accounts: accounts.update(owner.id, disabled=True))
    answer = send(browser, code=owner.code())
    assert answer.status_code != 200
    assert browser.session() is None


def test_remembered_browser_is_not_asked_and_has_level_one(browser: Browser, owner: Owner) -> None:
    enter_password(browser, owner)
    answer = send(browser, code=owner.code(), remember=True)
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith(REMEMBERED))
    assert "HttpOnly" in cookie
    assert "Max-Age=2592000" in cookie
    browser.log_out()
    assert enter_password(browser, owner).status_code == 200
    session = browser.session()
    assert (session["amr"], session["level"]) == (["pwd"], 1)


def test_remembered_browser_is_asked_for_other_accounts_and_after_a_new_password(
    browser: Browser, owner: Owner
) -> None:
    other = make_owner(browser.server)
    enter_password(browser, owner)
    send(browser, code=owner.code(), remember=True)
    browser.log_out()
    assert enter_password(browser, other).status_code == 401
    assert send(browser, code=other.code(), remember="on").status_code == 200
    browser.log_out()
    assert enter_password(browser, owner).status_code == 200  # it remembers both
    browser.log_out()
    new = f"{PASSWORD} and more"
    owner.work(lambda accounts: accounts.change_password(owner.id, new))
    assert send(browser, id=owner.id, password=new).status_code == 401
    assert browser.session() is None


@pytest.mark.parametrize("code", ["", None, 7, ["x"], {"a": 1}, "x" * 10_000, "\0"])
def test_malformed_code_is_rejected(browser: Browser, owner: Owner, code: object) -> None:
    enter_password(browser, owner)
    assert send(browser, code=code).status_code == 401
    assert browser.session() is None


def test_account_without_a_second_factor_signs_in_as_before(john: Browser) -> None:
    session = john.session()
    assert (session["amr"], session["level"]) == (["pwd"], 1)
    assert CHALLENGE not in john.cookies
