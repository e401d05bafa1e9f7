"""Links in mails, as browsers, mail scanners and attackers use them."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import Browser
from tests.support.mail import link_in, text_of, token_in
from tests.support.server import Server
from tests.support.tab import ADMIN_STATE, ROOT_STATE, SESSION_STATE, Tab

PASSWORD = "a bird in a gilded cage"
NEW = "another bird in another cage"
_FORMS = f"{ROOT_STATE}.authdemo___accounts___link_forms____"
FORGOT, RESET = f"{_FORMS}forgot_state", f"{_FORMS}reset_state"
VERIFY, SIGN_IN = f"{_FORMS}verify_state", f"{_FORMS}sign_in_link_state"
EMAIL = f"{ROOT_STATE}.authdemo___accounts___email_card____email_state"
_numbers = itertools.count()


class Member:
    """A new account, and the browser in which it was registered."""

    def __init__(self, server: Server, email: str = "") -> None:
        self.id = f"reader{next(_numbers)}"
        self.email = email or f"{self.id}@example.org"
        self.browser = Browser(server)
        self.browser.get("/register")
        form = {"id": self.id, "name": "Reader", "email": self.email, "password": PASSWORD}
        with Tab(server, self.browser, path="/register") as tab:
            assert self.browser.redeem(tab.register(**form)).status_code == 200

    def log_in(self, password: str = PASSWORD) -> int:
        """Sign in in another browser, and return the status."""
        return Browser(self.browser.server).log_in(self.id, password).status_code

    def wait_for(self, subject: str, *, count: int = 1, to: str = "") -> Any:
        """Wait for a mail."""
        return self.browser.server.outbox.wait_for(to or self.email, subject, count=count)

    def verify(self) -> None:
        """Verify the address."""
        assert self.follow(token_in(self.wait_for("Verify"))) == {}

    def follow(self, token: str) -> dict[str, Any]:
        """Verify or change the address in the browser in which the user is signed in."""
        return use(self.browser.server, token, VERIFY, "follow", browser=self.browser)


@pytest.fixture
def member(server: Server) -> Member:
    return Member(server)


@contextmanager
def opened(server: Server, path: str, state: str, browser: Browser | None = None) -> Iterator[Tab]:
    """Open a page in a browser, and look at its link."""
    browser = browser or Browser(server)
    browser.get(path)
    with Tab(server, browser, path=path) as tab:
        tab.call(f"{state}.look")
        wait_until(lambda: tab.var(state, "kind") or tab.var(state, "error"))
        yield tab


def press(tab: Tab, state: str, handler: str, **payload: Any) -> dict[str, Any]:
    """Press a button, and return the error."""
    tab.forget(state)
    tab.call(f"{state}.{handler}", **payload)

    def has_ended() -> bool:
        is_known = tab.var(state, "done") or tab.var(state, "error")
        return tab.var(state, "pending") is False and bool(is_known)

    wait_until(has_ended)
    return dict(tab.var(state, "error"))


def use(
    server: Server,
    token: str,
    state: str,
    handler: str,
    *,
    browser: Browser | None = None,
    **payload: Any,
) -> dict[str, Any]:
    """Open a link and press its button; return the error, or that of the link itself."""
    path = {RESET: "/reset", VERIFY: "/verify"}[state]
    with opened(server, f"{path}?token={token}", state, browser) as tab:
        if error := tab.var(state, "error"):
            return dict(error)
        return press(tab, state, handler, **payload)


def act_as(admin: Browser, user: str) -> None:
    """Have an administrator act as a user."""
    with Tab(admin.server, admin, path="/admin") as tab:
        tab.call(f"{ADMIN_STATE}.impersonate", form={"account_id": user, "reason": "Ticket 1"})
        wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
        assert admin.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200


def reset(server: Server, token: str, password: str = NEW) -> dict[str, Any]:
    return use(server, token, RESET, "set_password", form={"password": password})


def forgot(server: Server, email: str) -> dict[str, Any]:
    """Request a link, and return what the tab shows."""
    browser = Browser(server)
    browser.get("/forgot")
    with Tab(server, browser, path="/forgot") as tab:
        press(tab, FORGOT, "send", form={"email": email})
        names = ("error", "done", "is_delayed", "kind", "account_id")
        return {name: tab.var(FORGOT, name) for name in names}


def request_sign_in(browser: Browser, email: str, **fields: str) -> Any:
    """Request a sign-in link as Auth.js's client does."""
    form = {"csrfToken": browser.csrf(), "email": email, **fields}
    return browser.post("/api/auth/signin/email", data=form, headers=AS_CLIENT)


class TestReset:
    def test_new_password_ends_all_sessions(self, member: Member, server: Server) -> None:
        forgot(server, member.email.upper())
        with Tab(server, member.browser, path="/client") as tab:
            assert reset(server, token_in(member.wait_for("Reset"))) == {}
            tab.expect_session("unauthenticated")
        assert member.browser.session() is None
        assert (member.log_in(), member.log_in(NEW)) == (401, 200)
        assert "new password" in text_of(member.wait_for("password was changed"))

    def test_link_is_used_up_by_success_only(self, member: Member, server: Server) -> None:
        forgot(server, member.email)
        token = token_in(member.wait_for("Reset"))
        assert reset(server, token, "short")["reason"] == "too_short"
        assert reset(server, token, "iloveyou")["reason"] == "too_common"
        assert member.browser.session() is not None
        assert reset(server, token) == {}
        assert reset(server, token, PASSWORD)["code"] == "LinkRejected"
        assert (member.log_in(), member.log_in(NEW)) == (401, 200)

    def test_newer_link_voids_the_older_one(self, member: Member, server: Server) -> None:
        forgot(server, member.email)
        old = token_in(member.wait_for("Reset"))
        forgot(server, member.email)
        new = token_in(member.wait_for("Reset", count=2))
        assert reset(server, old)["code"] == "LinkRejected"
        assert reset(server, new) == {}

    def test_sign_in_that_began_before_is_void(self, member: Member, server: Server) -> None:
        forgot(server, member.email)
        token, late = token_in(member.wait_for("Reset")), Browser(server)
        late.get("/login")
        with Tab(server, late, path="/login") as tab:
            ticket = tab.log_in(member.id, PASSWORD)
            assert reset(server, token) == {}
            assert late.redeem(ticket).status_code == 401
        assert late.session() is None

    def test_sign_in_link_from_before_is_void(self, member: Member, server: Server) -> None:
        member.verify()
        browser = Browser(server)
        request_sign_in(browser, member.email)
        link = token_in(member.wait_for("sign-in link"))
        forgot(server, member.email)
        assert reset(server, token_in(member.wait_for("Reset"))) == {}
        assert browser.log_in(provider="email", token=link).status_code == 401

    def test_unknown_address_gets_the_same_response(self, member: Member, server: Server) -> None:
        assert forgot(server, member.email) == forgot(server, "unknown@example.org")
        member.wait_for("Reset")
        assert server.outbox.mails("unknown@example.org") == []

    def test_text_that_is_no_address_is_an_error_of_its_field(self, server: Server) -> None:
        error = forgot(server, "unknown")["error"]
        assert (error["field"], error["reason"]) == ("email", "email_form")


PAGES = ("/reset", "/verify", "/sign-in-link")


class TestScanner:
    """Programs that scan mail open each link, some of them as a browser does."""

    @pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
    def test_requests_use_nothing_up(self, member: Member, server: Server, method: str) -> None:
        forgot(server, member.email)
        token, scanner = token_in(member.wait_for("Reset")), Browser(server)
        for page in PAGES:
            scanner.request(method, f"{page}?token={token}")
        assert reset(server, token) == {}

    def test_opening_the_page_in_a_browser_uses_nothing_up(
        self, member: Member, server: Server
    ) -> None:
        token = token_in(member.wait_for("Verify"))
        for _ in range(3):
            with opened(server, f"/verify?token={token}", VERIFY) as tab:
                assert tab.var(VERIFY, "email") == member.email
        assert member.browser.session()["user"]["email_verified"] is False
        assert member.follow(token) == {}
        assert member.browser.session()["user"]["email_verified"] is True

    def test_post_without_csrf_token_signs_nobody_in(self, member: Member, server: Server) -> None:
        member.verify()
        browser = Browser(server)
        request_sign_in(browser, member.email)
        token = token_in(member.wait_for("sign-in link"))
        form = {"token": token, "confirmed": "yes"}
        answer = Browser(server).post("/api/auth/callback/email", data=form)
        assert answer.status_code == 403
        assert browser.log_in(provider="email", token=token).status_code == 200

    def test_token_is_in_no_log_and_leaves_for_no_other_origin(
        self, member: Member, server: Server
    ) -> None:
        forgot(server, member.email)
        token = token_in(member.wait_for("Reset"))
        page = Browser(server).get(f"/reset?token={token}")
        assert page.headers["referrer-policy"] == "same-origin"
        assert token not in page.text
        assert reset(server, token, "short") != {}
        assert reset(server, token) == {}
        assert reset(server, token) != {}
        assert token not in server.logged()
        assert member.email not in server.logged()


class TestVerify:
    def test_all_tabs_follow_at_once(self, member: Member, server: Server) -> None:
        with Tab(server, member.browser, path="/client") as tab:
            tab.expect_session("authenticated", email_verified=False)
            member.verify()
            tab.expect_session("authenticated", email_verified=True)

    def test_owner_of_the_mailbox_does_not_verify_the_account_of_another(
        self, member: Member, server: Server, john: Browser, jane: Browser
    ) -> None:
        """Who registers the address of another waits in the account for its owner to verify it."""
        token = token_in(member.wait_for("Verify"))
        act_as(jane, member.id)
        for browser in (Browser(server), john, jane):
            with opened(server, f"/verify?token={token}", VERIFY, browser) as tab:
                assert tab.var(VERIFY, "is_elsewhere") is True
                assert press(tab, VERIFY, "follow")["reason"] == "session"
        assert member.browser.session()["user"]["email_verified"] is False
        assert member.follow(token) == {}
        assert member.browser.session()["user"]["email_verified"] is True

    def test_link_for_one_thing_is_good_for_no_other(self, member: Member, server: Server) -> None:
        token = token_in(member.wait_for("Verify"))
        assert reset(server, token)["code"] == "LinkRejected"
        assert Browser(server).log_in(provider="email", token=token, confirmed="yes").is_error
        forgot(server, member.email)
        other = token_in(member.wait_for("Reset"))
        assert use(server, other, VERIFY, "follow")["code"] == "LinkRejected"

    def test_button_mails_another_link_until_the_address_is_verified(
        self, member: Member, server: Server
    ) -> None:
        with Tab(server, member.browser, path="/account") as tab:
            assert press(tab, EMAIL, "verify") == {}
            assert tab.var(EMAIL, "email") == member.email
            token = token_in(member.wait_for("Verify", count=2))
            assert member.follow(token) == {}
            assert press(tab, EMAIL, "verify")["reason"] == "verified"


class TestChange:
    def change(self, member: Member, email: str) -> dict[str, Any]:
        with Tab(member.browser.server, member.browser, path="/account") as tab:
            return press(tab, EMAIL, "change", form={"email": email})

    def test_address_changes_once_the_new_one_is_verified(self, member: Member) -> None:
        new = f"new.{member.email}"
        assert self.change(member, new) == {}
        token = token_in(member.wait_for("new e-mail", to=new))
        assert member.browser.session()["user"]["email"] == member.email
        assert member.follow(token) == {}
        user = member.browser.session()["user"]
        assert (user["email"], user["email_verified"]) == (new, True)
        assert "Undo" in member.wait_for("address was changed").as_string()
        assert "has this e-mail address now" in text_of(member.wait_for("was changed", to=new))

    def test_owner_of_the_old_address_undoes_even_two_changes(
        self, member: Member, server: Server
    ) -> None:
        """Who takes over a session changes the address twice, so that a newer link voids..."""
        undo = ""
        for number in range(2):
            new = f"evil{number}.{member.email}"
            assert self.change(member, new) == {}
            mail = member.wait_for("new e-mail", to=new)
            assert member.follow(token_in(mail)) == {}
            undo = undo or token_in(member.wait_for("address was changed"))
        assert use(server, undo, VERIFY, "follow") == {}
        assert member.browser.session() is None
        forgot(server, member.email)
        assert reset(server, token_in(member.wait_for("Reset"))) == {}
        again = Browser(server)
        again.log_in(member.id, NEW)
        assert again.session()["user"]["email"] == member.email

    def test_change_voids_links_to_the_old_address(self, member: Member, server: Server) -> None:
        forgot(server, member.email)
        old, new = token_in(member.wait_for("Reset")), f"new.{member.email}"
        assert self.change(member, new) == {}
        assert member.follow(token_in(member.wait_for("new", to=new))) == {}
        assert reset(server, old)["code"] == "LinkRejected"

    def test_own_address_is_no_change(self, member: Member) -> None:
        assert self.change(member, f" {member.email} ")["reason"] == "same"


class TestSignIn:
    def test_link_signs_in_where_it_was_requested(self, member: Member, server: Server) -> None:
        member.verify()
        browser = Browser(server)
        answer = request_sign_in(browser, member.email, callbackUrl="/client")
        url = f"{server.url}/sign-in-link?provider=email&type=email"
        assert answer.json() == {"url": url}
        path = link_in(member.wait_for("sign-in link")).removeprefix(server.url)
        with opened(server, path, SIGN_IN, browser) as tab:
            assert tab.var(SIGN_IN, "is_elsewhere") is False
            tab.call(f"{SIGN_IN}.sign_in")
            wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
            answer = browser.redeem(tab.var(SESSION_STATE, "ticket"))
        assert answer.json() == {"url": f"{server.url}/client"}
        assert browser.session()["user"]["id"] == member.id
        assert browser.log_in(provider="email", token=path.partition("=")[2]).status_code == 401

    def test_link_asks_first_in_another_browser(self, member: Member, server: Server) -> None:
        member.verify()
        request_sign_in(Browser(server), member.email)
        path = link_in(member.wait_for("sign-in link")).removeprefix(server.url)
        token, other = path.partition("token=")[2], Browser(server)
        answer = other.log_in(provider="email", token=token)
        assert (answer.status_code, answer.json()["reason"]) == (401, "elsewhere")
        forged = other.log_in(provider="email", token=token, browser="x" * 64)
        assert forged.json()["reason"] == "elsewhere"
        with opened(server, path, SIGN_IN, other) as tab:
            assert tab.var(SIGN_IN, "is_elsewhere") is True
            tab.call(f"{SIGN_IN}.sign_in")
            wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
            assert other.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
        assert other.session()["user"]["id"] == member.id

    def test_first_sign_in_by_link_ends_access_of_an_earlier_registrant(
        self, server: Server
    ) -> None:
        evil = Member(server)
        victim = Browser(server)
        victim.get("/sign-in-link")
        with Tab(server, victim, path="/sign-in-link") as tab:
            assert press(tab, SIGN_IN, "send", form={"email": evil.email}) == {}
        path = link_in(evil.wait_for("sign-in link")).removeprefix(server.url)
        assert victim.log_in(provider="email", token=path.partition("token=")[2]).is_error
        with opened(server, path, SIGN_IN, victim) as tab:
            tab.call(f"{SIGN_IN}.sign_in")
            wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
            assert victim.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
        assert victim.session()["user"]["email_verified"] is True
        assert evil.browser.session() is None
        assert evil.log_in() == 401

    @pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example/"])
    def test_link_leads_to_no_other_origin(
        self, member: Member, server: Server, wanted: str
    ) -> None:
        browser = Browser(server)
        request_sign_in(browser, member.email, callbackUrl=wanted)
        path = link_in(member.wait_for("sign-in link")).removeprefix(server.url)
        with opened(server, path, SIGN_IN, browser) as tab:
            tab.call(f"{SIGN_IN}.sign_in")
            wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
            answer = browser.redeem(tab.var(SESSION_STATE, "ticket"))
        assert answer.json()["url"].rstrip("/") == server.url

    @pytest.mark.parametrize("email", ["", "x" * 300 + "@example.org", "nobody"])
    def test_text_that_is_no_address_leads_back_with_an_error(
        self, browser: Browser, email: str
    ) -> None:
        answer = request_sign_in(browser, email)
        assert answer.status_code == 401
        assert "error=EmailSignInError" in answer.json()["url"]

    def test_form_without_scripts_leads_to_the_page(self, browser: Browser) -> None:
        form = {"csrfToken": browser.csrf(), "email": "unknown@example.org"}
        answer = browser.post("/api/auth/signin/email", data=form)
        assert answer.status_code == 302
        assert answer.headers["location"].endswith("/sign-in-link?provider=email&type=email")

    def test_provider_is_listed_as_auth_js_does(self, browser: Browser) -> None:
        listed = browser.get("/api/auth/providers").json()["email"]
        assert (listed["id"], listed["type"]) == ("email", "email")


SAMPLES = 70
"""Of each of three kinds of addresses."""


def medians(requests: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Time requests in turns, and return the median seconds of each kind."""
    seconds: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(SAMPLES):
        for name, request in requests.items():
            begun = time.perf_counter()
            request()
            seconds[name].append(time.perf_counter() - begun)
    return {name: statistics.median(each) for name, each in seconds.items()}


@pytest.fixture
def addresses(member: Member) -> dict[str, str]:
    return {"known": member.email, "unknown": f"no.{member.email}", "other": f"zz.{member.email}"}


def is_even(found: dict[str, float]) -> bool:
    """Whether a known address differs no more from unknown ones than these from each other."""
    spread = abs(found["unknown"] - found["other"])
    return abs(found["known"] - found["unknown"]) < max(3 * spread, 0.1 * found["unknown"])


def test_sign_in_link_takes_as_long_for_every_address(
    server: Server, addresses: dict[str, str]
) -> None:
    browser = Browser(server)
    token = browser.csrf()

    def request(email: str) -> None:
        form = {"csrfToken": token, "email": email}
        assert browser.post("/api/auth/signin/email", data=form, headers=AS_CLIENT).is_success

    kinds = {name: lambda email=email: request(email) for name, email in addresses.items()}
    assert is_even(medians(kinds)) or is_even(medians(kinds))


def test_forgot_takes_as_long_for_every_address(server: Server, addresses: dict[str, str]) -> None:
    browser = Browser(server)
    browser.get("/forgot")
    with Tab(server, browser, path="/forgot") as tab:

        def request(email: str) -> None:
            tab.call(f"{FORGOT}.clear")
            wait_until(lambda: tab.var(FORGOT, "done") is False, interval=0.0005)
            tab.call(f"{FORGOT}.send", form={"email": email})
            wait_until(lambda: tab.var(FORGOT, "done") is True, interval=0.0005)

        kinds = {name: lambda email=email: request(email) for name, email in addresses.items()}
        assert is_even(medians(kinds)) or is_even(medians(kinds))
