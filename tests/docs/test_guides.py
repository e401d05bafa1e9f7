"""Each guide's app is served, and shows what the guide says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import expect

from authdemo import testing
from authdemo.accounts import Accounts
from authdemo.testing import wait_until
from tests.accounts.conftest import PASSWORD as OLD_PASSWORD
from tests.accounts.test_hashes import FOREIGN
from tests.accounts.test_importer import add_local_users
from tests.browser import launched
from tests.docs.apps import serving, serving_unbuilt
from tests.docs.conftest import TOGETHER
from tests.docs.markdown import GUIDES, blocks
from tests.e2e.visitor import Visitor, click, is_connected
from tests.support.apps import state
from tests.support.authenticator import CARD, SIGN_IN, Authenticator
from tests.support.browser import Browser
from tests.support.mail import OutboxReader, link_in
from tests.support.server import ROOT, Server
from tests.support.tab import ROOT_STATE, SESSION_STATE, Tab

ELSEWHERE = {
    "command-line",
    "call-provider-apis",
    "add-to-an-existing-app",
    "content-policy",
    "deploy",
    "docker",
    "install",
    "rotate-keys",
    "style-the-forms",
    "devtools",
    "languages",
    "monitoring",
    "move-from-reflex-local-auth",
    "oauth2",
    "openid-connect",
    "own-routes-and-sockets",
    "test-your-app",
    "troubleshooting",
}


OWN_FIXTURE = {"administration", "bring-your-users", "logging-and-audit", "move-from-authjs"}
FACTOR = f"{ROOT_STATE}.authdemo___accounts___second_factor_form____second_factor_state"
BRING = GUIDES / "bring-your-users.md"


@pytest.fixture
def built(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path, request.param) as server:
        yield server


@pytest.fixture
def unbuilt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with serving_unbuilt(tmp_path, request.param) as server:
        yield server


def with_pages_of(guide: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("built", [guide], indirect=True)


def with_handlers_of(guide: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("unbuilt", [guide], indirect=True)


def member(app: Server, account: str = "ada") -> Browser:
    browser = Browser(app)
    assert browser.log_in(account).status_code == 200
    return browser


def test_the_smallest_app(app: Server) -> None:
    assert Browser(app).get("/").headers["Location"] == "/login?callbackUrl=/"
    assert Browser(app).log_in("ada", "guess").status_code == 401
    ada = member(app)
    assert "Ada Lovelace" in ada.get("/").text
    with Tab(app, ada) as first, Tab(app, ada) as second:
        first.call(f"{state('home')}.rename")
        wait_until(lambda: first.name == second.name == "Countess")
        ada.update({"name": "Enchantress"})
        wait_until(lambda: first.name == second.name == "Enchantress")
        second.call(f"{state('home')}.log_out")
        wait_until(lambda: first.status == second.status == "unauthenticated")
    with Tab(app, path="/login") as tab:
        tab.call(f"{state('login')}.log_in", form={"id": "ada", "password": "guess"})
        wait_until(lambda: tab.var(state("login"), "error"))
        assert tab.var(state("login"), "error")["code"] == "CredentialsSignin"


@with_pages_of("protect-a-page")
def test_a_protected_page(built: Server) -> None:
    nobody, ada, grace = Browser(built), member(built), member(built, "grace")
    answer = nobody.get("/admin")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?callbackUrl=/admin")
    assert ada.get("/admin").status_code == 403
    page = grace.get("/admin")
    assert page.status_code == 200
    assert "The secret plans" in page.text
    scripts = set(re.findall(r'"(/assets/[^"]+\.js)"', page.text))
    secret = [path for path in scripts if "The secret plans" in grace.get(path).text]
    assert secret
    assert {ada.get(path).status_code for path in secret} == {403}
    assert ada.get("/diary/7").status_code == 200
    assert grace.get("/diary/7").status_code == 403
    assert all(nobody.get(path).status_code in (303, 401, 403, 404) for path in secret)


def test_a_protected_event_handler(app: Server) -> None:
    ledger, vault = state("ledger"), state("vault")
    for browser, told in ((Browser(app), "redirect_url"), (member(app, "grace"), "event_error")):
        with Tab(app, browser) as tab:
            tab.call(f"{ledger}.pay", amount=10)
            wait_until(lambda tab=tab, told=told: tab.var(SESSION_STATE, told))
            assert tab.var(ledger, "balance") == 100
            assert "GB33" not in tab.received()
    with Tab(app, member(app)) as tab:
        tab.call(f"{ledger}.pay", amount=10)
        wait_until(lambda: tab.var(ledger, "balance") == 90)
        assert tab.var(ledger, "iban").startswith("GB33")
        tab.call(f"{vault}.burn")
        wait_until(lambda: tab.var(vault, "opened_by") == "fire")
    with Tab(app, member(app)) as tab:
        for account, password in (("ada", "guess"), ("grace", "tutorial")):
            tab.call(f"{vault}.open_up", form={"id": account, "password": password})
            wait_until(lambda: tab.var(vault, "error"))
            assert tab.var(vault, "opened_by") == ""
        tab.call(f"{vault}.open_up", form={"id": "ada", "password": "tutorial"})
        wait_until(lambda: tab.var(vault, "opened_by") == "ada")


@with_handlers_of("callbacks")
def test_claims_of_callbacks(unbuilt: Server) -> None:
    ada = member(unbuilt)
    assert ada.session()["renames"] == 0
    assert "email" not in ada.session()["user"]
    assert ada.get("/api/auth/token").json()["claims"]["via"] == "credentials"
    ada.update({"image": "https://example.org/ada.png"})
    assert ada.session()["renames"] == 0
    ada.update({"name": "Enchantress"})
    assert ada.session()["renames"] == 1
    assert ada.update({"name": ""}).status_code == 422
    assert ada.session()["renames"] == 1


@with_pages_of("a-field-that-clients-may-change")
def test_a_field_that_clients_may_change(built: Server) -> None:
    ada = member(built)
    assert ada.update({"colour": "green"}).status_code == 200
    for field, value in (("colour", "pink"), ("points", 1000)):
        refused = ada.update({field: value})
        assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert (ada.session()["user"]["colour"], ada.session()["user"]["points"]) == ("green", 0)
    assert ada.session()["user"]["joined"] == "2026-01-01"
    assert "Your colour is" in ada.get("/colours").text


def test_updates_from_background_tasks(app: Server) -> None:
    ada, grace = member(app), member(app, "grace")
    with Tab(app, ada) as first, Tab(app, ada) as second:
        first.call(f"{state('report')}.write")
        wait_until(lambda: first.name == second.name == "Reporter")
    with Tab(app, grace) as tab:
        wait_until(lambda: tab.name == "Rear Admiral Hopper")


@with_handlers_of("accounts")
def test_accounts(unbuilt: Server) -> None:
    mary = {"id": "mary", "name": "Mary Shelley", "email": "mary@example.org"}
    mary["password"] = "a bird in a gilded cage"
    nobody, browser = Browser(unbuilt), Browser(unbuilt)
    assert nobody.log_in("mary", mary["password"]).status_code == 401
    browser.get("/register")
    with Tab(unbuilt, browser, path="/register") as tab:
        tab.call(f"{state('register')}.register", form=mary)
        wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
        assert browser.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
    with Tab(unbuilt, nobody, path="/register") as tab:
        tab.call(f"{state('register')}.register", form={**mary, "id": "MARY"})
        wait_until(lambda: tab.var(state("register"), "errors"))
        assert tab.var(state("register"), "errors")["id"]["reason"] == "taken"
    assert "Mary Shelley" in browser.get("/").text
    assert nobody.log_in("mary", mary["password"]).status_code == 200


@with_handlers_of("passkeys")
def test_passkeys(unbuilt: Server) -> None:
    form = {"id": "mary", "name": "Mary", "email": "mary@example.org", "password": OLD_PASSWORD}
    place = f"sqlite:///{unbuilt.log.parent}/data/accounts.db"
    with contextlib.closing(Accounts(place)) as accounts:
        asyncio.run(accounts.register(form))
    phone, mary, anonymous = Authenticator(unbuilt.url), Browser(unbuilt), Browser(unbuilt)
    assert mary.log_in("mary", OLD_PASSWORD).status_code == 200
    with Tab(unbuilt, mary, path="/passkeys") as tab:
        tab.call(CARD.add)
        wait_until(lambda: tab.var(CARD, "ceremony"))
        tab.call(CARD.keep, answer=phone.create(tab.var(CARD, "ceremony")["options"]))
        wait_until(lambda: tab.var(CARD, "passkeys"))
    anonymous.csrf()
    with Tab(unbuilt, anonymous, path="/sign-in") as tab:
        tab.call(SIGN_IN.ask)
        wait_until(lambda: tab.var(SIGN_IN, "ceremony"))
        tab.call(SIGN_IN.sign_in, answer=phone.get(tab.var(SIGN_IN, "ceremony")["options"]))
        wait_until(lambda: tab.var(SESSION_STATE, "ticket"))
        assert anonymous.redeem(tab.var(SESSION_STATE, "ticket")).status_code == 200
    assert anonymous.session()["level"] == 2


@with_handlers_of("mail")
def test_mail(unbuilt: Server) -> None:
    form = {"id": "mary", "name": "Mary", "email": "mary@example.org", "password": OLD_PASSWORD}
    data = unbuilt.log.parent / "data"
    with contextlib.closing(Accounts(f"sqlite:///{data}/accounts.db")) as accounts:
        asyncio.run(accounts.register(form))
    browser, forms = Browser(unbuilt), f"{ROOT_STATE}.authdemo___accounts___link_forms____"
    browser.csrf()
    with Tab(unbuilt, browser, path="/forgot") as tab:
        tab.call(f"{forms}forgot_state.send", form={"email": "mary@example.org"})
        link = link_in(OutboxReader(data / "outbox").wait_for("mary@example.org"))
    with Tab(unbuilt, browser, path=link.removeprefix(unbuilt.url)) as tab:
        tab.call(f"{forms}reset_state.look")
        wait_until(lambda: tab.var(f"{forms}reset_state", "account_id") == "mary")
        password = "another bird in another cage"
        tab.call(f"{forms}reset_state.set_password", form={"password": password})
        wait_until(lambda: tab.var(f"{forms}reset_state", "done"))
    assert Browser(unbuilt).log_in("mary", password).status_code == 200


@with_handlers_of("second-factor")
def test_second_factor(unbuilt: Server) -> None:
    form = {"id": "mary", "name": "Mary", "email": "mary@example.org", "password": OLD_PASSWORD}
    place = f"sqlite:///{unbuilt.log.parent}/data/accounts.db"
    with contextlib.closing(Accounts(place)) as accounts:
        asyncio.run(accounts.register(form))
    mary, again = Browser(unbuilt), Browser(unbuilt)
    assert mary.log_in("mary", OLD_PASSWORD).status_code == 200
    with Tab(unbuilt, mary, path="/security") as tab:
        tab.call(f"{state('payouts')}.pay", amount=10)
        wait_until(lambda: tab.var(SESSION_STATE, "step_up"))
        tab.call(f"{FACTOR}.begin")
        wait_until(lambda: tab.var(FACTOR, "secret"))
        app = pyotp.TOTP(tab.var(FACTOR, "secret"))
        tab.call(f"{FACTOR}.confirm", form={"code": app.now()})
        wait_until(lambda: tab.var(FACTOR, "codes"))
        assert len(tab.var(FACTOR, "codes")) == 10
        codes = tab.var(FACTOR, "codes")
        tab.call(f"{state('payouts')}.pay", amount=5)
        wait_until(lambda: tab.var(state("payouts"), "paid") >= 5)
    answer = again.log_in("mary", OLD_PASSWORD)
    assert "code=second_factor" in answer.json()["url"]
    assert again.session() is None
    assert again.log_in("mary", OLD_PASSWORD, code=codes[0]).status_code == 200
    assert again.session()["level"] == 2


@pytest.fixture
def imported(tmp_path: Path) -> Iterator[Server]:
    """The app with imported users, by the commands of the guide."""
    check, write = (block.code for block in blocks(BRING, "sh"))
    shown = blocks(BRING, "")[0].code
    (tmp_path / "data").mkdir()
    add_local_users(f"sqlite:///{tmp_path}/reflex.db", ("ada", True), ("bob", True), ("eve", False))
    assert typed(check, tmp_path) == shown
    assert typed(write, tmp_path).splitlines()[-1] == "Done."
    with serving_unbuilt(tmp_path, "bring-your-users") as server:
        yield server


def typed(command: str, folder: Path) -> str:
    """Type a command of a guide."""
    env = os.environ | {"AUTH_DATA_DIR": "data", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, *command.split()[1:]]
    return subprocess.check_output(words, cwd=folder, env=env, text=True, timeout=60)


def test_imported_user_signs_in_with_the_old_password(imported: Server) -> None:
    browser = Browser(imported)
    assert browser.log_in("ada", "a guess").status_code == 401
    assert browser.log_in("eve", OLD_PASSWORD).status_code == 401
    assert browser.log_in("ada", OLD_PASSWORD).status_code == 200
    assert browser.session()["user"]["role"] == "user"
    with sqlite3.connect(imported.log.parent / "data" / "accounts.db") as database:
        rows = "SELECT id, substr(password, 1, 10), disabled FROM accounts ORDER BY id"
        kept = list(database.execute(rows))
    assert kept == [("ada", "$argon2id$", 0), ("bob", "$2b$04$Huj", 0), ("eve", "$2b$04$Huj", 1)]


@pytest.fixture
def moved_from_authjs(tmp_path: Path) -> Iterator[Server]:
    path = tmp_path / "dev.db"
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE User (id, name, email, emailVerified, image, role, password)"
        )
        hashed = FOREIGN["bcryptjs"]
        rows = [
            ("c1", "Ada", "ada@example.org", None, None, "admin", hashed),
            (7, *"ABCD", "", hashed),
        ]
        database.executemany("INSERT INTO User VALUES (?, ?, lower(?), ?, ?, ?, ?)", rows)
    with serving_unbuilt(tmp_path, "move-from-authjs", MY_APP_DATABASE=str(path)) as server:
        yield server


def test_user_of_authjs_signs_in_from_the_old_table(moved_from_authjs: Server) -> None:
    browser = testing.Browser(moved_from_authjs)
    for wrong in (
        {"email": "ada@example.org", "password": "a guess"},
        {"email": "x", "password": ""},
    ):
        assert browser.log_in(**wrong).status_code == 401
    assert browser.log_in(email="Ada@example.org", password=OLD_PASSWORD).status_code == 200
    user = browser.session()["user"]
    assert user == {
        "id": "c1",
        "name": "Ada",
        "email": "ada@example.org",
        "image": None,
        "role": "admin",
    }


def names_of(cookies) -> set[str]:
    return {cookie["name"] for cookie in cookies}


def test_protected_state_replaces_a_cookie(app: Server) -> None:
    with (
        launched() as chromium,
        Visitor.with_own_browser(chromium, app.url) as visitor,
    ):
        visitor.keep({"token": "old"})
        tab = visitor.open("/wallet")
        tab.wait_for_url("**/login?callbackUrl=/wallet")
        is_connected(tab)
        visitor.log_in(tab, "ada", button="Log in")
        tab.wait_for_url(f"{app.url}/")
        tab.goto(f"{app.url}/wallet")
        is_connected(tab)
        click(tab, "Pay")
        expect(tab.locator("#balance")).to_have_text("90")
        expect(tab.locator("#paid-by")).to_have_text("Ada Lovelace")
        wait_until(
            lambda: {each["name"] for each in visitor.context.cookies()}.isdisjoint({"token"})
        )
        assert "session-token" not in tab.evaluate("document.cookie")
        assert len([frame for frame in visitor.frames if "hydrate_and_load" in frame]) < 10
        visitor.saw_no_complaint()
    with Tab(app, Browser(app)) as anonymous:
        anonymous.call(f"{state('wallet')}.pay")
        wait_until(lambda: anonymous.var(SESSION_STATE, "redirect_url"))


def test_every_guide_is_tested() -> None:
    tested = {mark.args[1][0] for test in _parametrized() for mark in test.pytestmark}
    assert {page.stem for page in GUIDES.glob("*.md")} == {
        *tested,
        *TOGETHER,
        *ELSEWHERE,
        *OWN_FIXTURE,
    }
    for guide in ELSEWHERE:
        assert all(
            "quote" in block.attributes for block in blocks(GUIDES / f"{guide}.md", "python")
        )


def _parametrized():
    return [thing for thing in globals().values() if hasattr(thing, "pytestmark")]
