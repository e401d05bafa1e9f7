import pytest

from authdemo.sessions import User
from authdemo.testing import FORGERIES, two_tabs
from my_app.my_app import Home

ADA = User(id="ada", name="Ada Lovelace")


def test_the_page_is_for_members(auth_browser, login_as):
    assert auth_browser.get("/").headers["Location"] == "/login?callbackUrl=/"
    assert login_as(ADA).get("/").status_code == 200


def test_a_new_name_is_in_every_tab(login_as):
    ada = login_as(ADA)
    with two_tabs(ada) as (first, second):
        ada.update({"name": "Countess"})
        first.expect_session("authenticated", name="Countess")
        second.expect_session("authenticated", name="Countess")


def test_who_leaves_in_one_tab_has_left_in_both(login_as):
    ada = login_as(ADA)
    with two_tabs(ada) as (first, second):
        first.call(Home.log_out)
        for tab in (first, second):
            tab.expect_session("unauthenticated")
            tab.expect_redirect("/login?callbackUrl=/")
    assert ada.session() is None


def test_a_session_that_is_not_used_ends_after_a_month(login_as, stopped_clock):
    ada = login_as(ADA)
    stopped_clock.advance(days=29)
    assert ada.session()["user"]["name"] == "Ada Lovelace"
    with two_tabs(ada) as (first, second):
        stopped_clock.advance(days=31)
        first.expect_session("unauthenticated")
        second.expect_session("unauthenticated")
    assert ada.session() is None


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_no_forged_token_is_let_in(forge, auth_app, login_as):
    ada = login_as(ADA)
    ada.token = forge(auth_app.real_token(ada))
    assert ada.session() is None


def test_the_password(auth_browser):
    assert auth_browser.log_in(id="ada", password="a guess").status_code == 401
    assert auth_browser.log_in(id="ada", password="tutorial").status_code == 200
