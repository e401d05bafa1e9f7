"""Each guide's app is served, and shows what the guide says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.docs.apps import serving, serving_unbuilt
from tests.docs.conftest import TOGETHER
from tests.docs.markdown import GUIDES, blocks
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import SESSION_STATE, Tab

ELSEWHERE = {
    "deploy",
    "install",
    "rotate-keys",
    "inspect",
    "languages",
    "oauth2",
    "openid-connect",
    "test-your-app",
}


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


def test_every_guide_is_tested() -> None:
    tested = {mark.args[1][0] for test in _parametrized() for mark in test.pytestmark}
    assert {page.stem for page in GUIDES.glob("*.md")} == {*tested, *TOGETHER, *ELSEWHERE}
    for guide in ELSEWHERE:
        assert all(
            "quote" in block.attributes for block in blocks(GUIDES / f"{guide}.md", "python")
        )


def _parametrized():
    return [thing for thing in globals().values() if hasattr(thing, "pytestmark")]
