"""Passkeys over the socket: challenges belong to one tab, and are answered once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authdemo.accounts import Accounts
from authdemo.sessions.reflex.components.forms import ConfirmState
from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Tab, wait_until
from authdemo.testing.browser import AS_CLIENT
from tests.docs.apps import write
from tests.http.test_second_factor import enter_password, send
from tests.support import unbuilt
from tests.support.authenticator import CARD, CONFIRM, SIGN_IN, Authenticator
from tests.support.browser import Browser, newest
from tests.support.second_factor import PASSWORD, make_owner
from tests.support.server import ROOT, SECRET, Server

FAILED = {"code": "CredentialsSignin", "reason": "passkey"}
REJECTED: dict[str, Any] = {"kind": "sign-in-failed", "provider": "passkey", "user": "john_doe"}


@pytest.fixture
def phone(server: Server) -> Authenticator:
    return Authenticator(server.url)


@pytest.fixture
def john_has_a_passkey(john: Browser, phone: Authenticator) -> Iterator[None]:
    with Tab(john.server, john, path="/account") as tab:
        tab.call(CARD.add)
        tab.call(CARD.keep, answer=phone.create(options_of(tab, CARD)))
        wait_until(lambda: tab.var(CARD, "passkeys"))
        yield
        tab.call(CARD.remove, passkey_id=phone.passkeys[0].id)
        wait_until(lambda: not tab.var(CARD, "passkeys"))


def options_of(tab: Tab, state: Any) -> dict[str, Any]:
    wait_until(lambda: tab.var(state, "ceremony"))
    options: dict[str, Any] = tab.var(state, "ceremony")["options"]
    return options


def error_of(tab: Tab) -> dict[str, Any]:
    wait_until(lambda: tab.var(SIGN_IN, "error"))
    error: dict[str, Any] = tab.var(SIGN_IN, "error")
    return {name: error.get(name) for name in ("code", "reason")}


@pytest.fixture
def visitor(server: Server) -> Browser:
    browser = Browser(server)
    browser.csrf()
    return browser


def asked(tab: Tab) -> dict[str, Any]:
    tab.call(SIGN_IN.ask)
    return options_of(tab, SIGN_IN)


def test_passkey_signs_in_with_level_2(
    visitor: Browser, phone: Authenticator, john_has_a_passkey: None
) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        tab.call(SIGN_IN.sign_in, answer=phone.get(asked(tab)))
        wait_until(lambda: tab.var(SessionState, "ticket"))
        assert visitor.redeem(tab.var(SessionState, "ticket")).json()["url"].endswith("/")
    session = visitor.session()
    assert session["user"]["id"] == "john_doe"
    assert (session["amr"], session["level"]) == (["hwk", "user"], 2)


def test_passkey_of_a_user_with_a_second_factor_needs_no_code(
    server: Server, visitor: Browser, phone: Authenticator
) -> None:
    owner = make_owner(server)

    async def add(accounts: Accounts) -> None:
        member = await accounts.get(owner.id)
        options, challenge = await accounts.passkeys.creation(member, server.url)
        await accounts.passkeys.add(phone.create(options), challenge)

    owner.work(add)
    with Tab(server, visitor, path="/login") as tab:
        tab.call(SIGN_IN.sign_in, answer=phone.get(asked(tab)))
        wait_until(lambda: tab.var(SessionState, "ticket"))
        visitor.redeem(tab.var(SessionState, "ticket"))
    assert visitor.session()["user"]["id"] == owner.id


def test_challenge_is_answered_once(
    visitor: Browser, phone: Authenticator, john_has_a_passkey: None
) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        options = asked(tab)
        tab.call(SIGN_IN.sign_in, answer=phone.get(options))
        wait_until(lambda: tab.var(SessionState, "ticket"))
        tab.call(SIGN_IN.sign_in, answer=phone.get(options))
        assert error_of(tab) == FAILED


def test_wrong_answer_uses_the_challenge_up(
    visitor: Browser, phone: Authenticator, john_has_a_passkey: None
) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        options = asked(tab)
        answer = phone.get(options)
        tab.call(SIGN_IN.sign_in, answer={"id": answer["id"]})
        assert error_of(tab) == FAILED
        before = len(visitor.server.audited(**REJECTED))
        tab.call(SIGN_IN.sign_in, answer=answer)
        wait_until(lambda: len(visitor.server.audited(**REJECTED)) > before)
        assert not tab.var(SessionState, "ticket")


def test_challenge_of_another_browser_is_rejected(
    server: Server, visitor: Browser, phone: Authenticator, john_has_a_passkey: None
) -> None:
    other = Browser(server)
    other.csrf()
    with Tab(server, visitor, path="/login") as tab, Tab(server, other, path="/login") as others:
        answer = phone.get(asked(tab))
        asked(others)
        others.call(SIGN_IN.sign_in, answer=answer)
        assert error_of(others) == FAILED
        newest(visitor, **REJECTED)


def test_answer_by_http_is_rejected(visitor: Browser, phone: Authenticator) -> None:
    form = {"csrfToken": visitor.csrf(), "id": "john_doe", "assertion": "{}"}
    response = visitor.post("/api/auth/callback/passkey", json=form, headers=AS_CLIENT)
    assert (response.status_code, response.json()["code"]) == (401, "CredentialsSignin")
    assert visitor.session() is None


def test_anonymous_visitor_adds_no_passkey(visitor: Browser) -> None:
    with Tab(visitor.server, visitor, path="/login") as tab:
        tab.call(CARD.add)
        tab.expect_redirect("/login?callbackUrl=/login")
        assert not tab.var(CARD, "ceremony")


def test_passkey_in_a_remembered_browser_takes_the_code_first(
    server: Server, browser: Browser, phone: Authenticator
) -> None:
    owner = make_owner(server)
    enter_password(browser, owner)
    send(browser, code=owner.code(), remember=True)
    browser.log_out()
    enter_password(browser, owner)
    assert browser.session()["level"] == 1
    with Tab(server, browser, path="/account") as tab:
        tab.call(CARD.add)
        wait_until(lambda: tab.var(SessionState, "step_up"))
        assert tab.var(SessionState, "step_up")["level"] == 2
        assert not tab.var(CARD, "ceremony")
        tab.call(f"{ConfirmState.get_full_name()}.confirm", form={"code": owner.code()})
        wait_until(lambda: tab.var(SessionState, "resumes"))
        tab.call(f"{ConfirmState.get_full_name()}.resume")
        tab.call(CARD.keep, answer=phone.create(options_of(tab, CARD)))
        wait_until(lambda: tab.var(CARD, "passkeys"))


CLOCK = """

import time
from pathlib import Path

AHEAD = Path(__file__).with_name("ahead")
auth.engine.clock.source = lambda: time.time() + (float(AHEAD.read_text()) if AHEAD.exists() else 0)
"""


@pytest.fixture
def aging(tmp_path: Path) -> Iterator[Server]:
    """The app of the guide, with a clock that a file sets forward."""
    write(tmp_path, "passkeys")
    with (tmp_path / "my_app" / "auth.py").open("a") as end:
        end.write(CLOCK)
    shutil.copytree(ROOT / "reflex.lock", tmp_path / "reflex.lock")
    own = {"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path / "data")}
    with unbuilt.serving(tmp_path, tmp_path / "log", **own) as server:
        yield server


def test_passkey_is_the_proof_that_a_dialog_asks_for(aging: Server) -> None:
    owner, phone, browser = make_owner(aging), Authenticator(aging.url), Browser(aging)
    assert browser.log_in(owner.id, PASSWORD).status_code == 200
    with Tab(aging, browser, path="/passkeys") as tab:
        tab.call(CARD.add)
        tab.call(CARD.keep, answer=phone.create(options_of(tab, CARD)))
        wait_until(lambda: tab.var(CARD, "passkeys"))
        (aging.log.parent / "my_app" / "ahead").write_text("400")
        tab.call(CARD.remove, passkey_id=phone.passkeys[0].id)
        wait_until(lambda: tab.var(SessionState, "step_up"))
        tab.call(CONFIRM.ask)
        tab.call(CONFIRM.confirm, answer=phone.get(options_of(tab, CONFIRM)))
        tab.expect_vars(SessionState, step_up={}, resumes=1)
        tab.call(f"{ConfirmState.get_full_name()}.resume")
        wait_until(lambda: tab.var(CARD, "is_empty"))
        assert browser.session()["level"] == 2
