"""Tests of the app of tests/guards, as its author would write them; all of them pass."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from authdemo.sessions import User
from authdemo.testing import Tab, two_tabs, wait_until
from my_app.auth import Member, auth
from my_app.my_app import Ledger, Vault

ADA = Member(id="ada", name="Ada Lovelace")
GRACE = Member(id="grace", name="Grace Hopper", role="admin")


@pytest.mark.parametrize("path", ["/council", "/drawer/7"])
def test_a_role_decides_who_gets_a_page(auth_browser, login_as, path):
    assert auth_browser.get(path).headers["Location"] == f"/login?callbackUrl={path}"
    assert login_as(ADA).get(path).status_code == 403
    assert login_as(GRACE).get(path).status_code == 200


@pytest.mark.parametrize("path", ["/about", "/post/hello"])
def test_a_public_page_is_for_everybody(auth_browser, path):
    assert auth_browser.get(path).status_code == 200
    assert auth_browser.get("/nowhere").status_code == 404


def test_a_page_shows_whose_it_is(login_as):
    assert "Ada Lovelace" in login_as(ADA).get("/").text


def test_a_member_calls_a_handler(login_as):
    with two_tabs(login_as(ADA)) as (tab, other):
        tab.call(Ledger.pay, amount=10)
        tab.expect_vars(Ledger, balance=90, plans="the secret plans, balance 90")
        other.expect_vars(Ledger, balance=100)


def test_nobodys_event_is_not_run(auth_app):
    with Tab(auth_app) as tab:
        tab.call(Ledger.pay, amount=10)
        tab.expect_redirect("/login?callbackUrl=/")
        tab.expect_vars(Ledger, balance=100)


def test_what_is_for_administrators_stays_theirs(login_as):
    ada = login_as(ADA)
    with Tab(ada.server, ada) as tab:
        tab.call(Vault.open_up)
        tab.call(Vault.knock)
        tab.expect_vars(Vault, opened=0, sign="Who is there?")


def test_a_server_update_is_seen_everywhere(auth_app, login_as):
    ada = login_as(ADA)
    with two_tabs(ada, "/", "/about") as (first, second):
        assert auth_app.run(auth.update_user("ada", name="Countess", role="admin")) == 1
        for tab in (first, second):
            tab.expect_session("authenticated", name="Countess", role="admin")
    assert ada.session()["user"]["name"] == "Countess"


def test_a_revoked_user_is_out_everywhere(auth_app, login_as):
    phone, laptop = login_as(ADA), login_as(ADA)
    with Tab(auth_app, phone) as one, Tab(auth_app, laptop) as other:
        assert auth_app.run(auth.revoke_user("ada")) == 2
        for tab in (one, other):
            tab.expect_session("unauthenticated")
    assert phone.session() is laptop.session() is None


def test_a_proof_gets_stale(login_as, stopped_clock):
    ada = login_as(ADA)
    assert ada.get("/sensitive").status_code == 200
    stopped_clock.advance(minutes=2)
    assert ada.get("/sensitive").headers["Location"] == "/confirm?callbackUrl=/sensitive"
    with Tab(ada.server, ada) as tab:
        tab.call(Ledger.wipe)
        tab.expect_redirect("")
        tab.expect_vars(Ledger, balance=100)


def test_a_session_that_is_used_is_renewed(login_as, stopped_clock):
    ada = login_as(ADA)
    first, expires = ada.token, ada.session()["expires"]
    stopped_clock.advance(hours=23)
    assert (ada.session()["expires"], ada.token) == (expires, first)
    stopped_clock.advance(hours=2)
    assert ada.session()["expires"] > expires
    assert ada.token != first


def test_expired_sessions_are_counted_in_the_audit_trail(auth_app, login_as, stopped_clock, caplog):
    login_as(ADA)
    login_as(ADA)
    with Tab(auth_app, login_as(GRACE)) as tab:
        stopped_clock.advance(days=31)
        tab.expect_session("unauthenticated")
    auth_app.run(auth.engine.sessions.sweep())
    wait_until(lambda: '"reason":"expired","count":2}' in caplog.text)
    (by_name,) = [line for line in caplog.text.splitlines() if '"kind":"ended"' in line]
    assert '"reason":"expired","user":"grace"' in by_name


def test_a_token_made_by_hand_with_the_real_key_is_believed(auth_app, login_as):
    ada = login_as(ADA)
    ada.token = auth_app.real_token(ada).saying(jti="another")
    assert ada.session()["user"]["id"] == "ada"


def test_a_user_of_the_packages_own_type_is_one_of_the_apps(login_as):
    browser = login_as(User(id="eve", name="Eve"))
    assert browser.session()["user"] == {**Member(id="eve", name="Eve").model_dump()}


class TestEachTestBeginsAnew:
    """The order matters: the second finds nothing of the first."""

    def test_first(self, login_as, auth_browser, stopped_clock):
        stopped_clock.advance(days=400)
        login_as(ADA)
        refused = [auth_browser.log_in(id="ada", password="guess") for _ in range(11)]
        assert refused[-1].status_code == 429

    def test_second(self, login_as, auth_app, auth_browser):
        assert abs(auth_app.auth.engine.clock() - time.time()) < 60
        assert len(login_as(ADA).sessions()) == 1
        assert auth_browser.log_in(id="ada", password="tutorial").status_code == 200


def test_the_operators_environment_is_left_alone(auth_app, login_as):
    assert auth_app.auth.engine.settings.session.max_age == 30 * 86_400
    assert auth_app.auth.engine.settings.redis_url is None
    assert "auth-tests-" in str(auth_app.auth.engine.settings.data_dir)
    assert not Path("precious").exists()


def test_nothing_is_left_in_the_apps_folder(login_as):
    ada = login_as(ADA)
    with two_tabs(ada) as (first, _):
        first.call(Ledger.pay, amount=10)
        first.expect_vars(Ledger, balance=90)
    mine = {"my_app", "pytest.ini", "reflex.lock", "rxconfig.py", "tests"}
    assert {path.name for path in Path().iterdir() if "cache" not in path.name} == mine
