from authdemo.sessions import User
from authdemo.testing import two_tabs
from my_app.my_app import Home

ADA = User(id="ada", name="Ada Lovelace")


def test_the_built_page_and_its_tabs(auth_server, login_as):
    ada = login_as(ADA, at=auth_server)
    assert "Ada Lovelace" in ada.get("/").text
    with two_tabs(ada) as (first, second):
        ada.update({"name": "Countess"})
        first.expect_session("authenticated", name="Countess")
        second.call(Home.log_out)
        first.expect_redirect("/login?callbackUrl=/")
    assert ada.get("/").status_code == 303
