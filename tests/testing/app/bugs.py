"""Forms and buttons of the demo, when what their handlers ask for fails."""

from __future__ import annotations

import pytest
from reflex.state import OnLoadInternalState

from authdemo.accounts import Member
from authdemo.pages.account import AccountState
from authdemo.pages.home import HomeState
from authdemo.pages.login import LoginState
from authdemo.pages.register import RegisterState
from authdemo.seeds import SEED_PASSWORD
from authdemo.sessions.errors import StoreUnavailable
from authdemo.sessions.reflex.components.forms import ConfirmState, SignInState
from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Tab
from authdemo.ui.log_out import LogOutState

JOHN = Member(id="john_doe", name="John Doe", role="user")
BUTTONS = [HomeState.server_update, LogOutState.log_out]
FORMS = [
    LoginState.log_in,
    AccountState.change_password,
    RegisterState.register,
    SignInState.sign_in,
    ConfirmState.confirm,
]


@pytest.fixture
def failing(auth_app, monkeypatch):
    """Let what a handler asks for fail in a way."""

    def fail(error, *names):
        async def stumble(*_, **__):
            raise error

        for name in names or ("sign_in", "sign_out", "confirm", "update"):
            monkeypatch.setattr(auth_app.auth, name, stumble)
        monkeypatch.setattr(RegisterState.accounts, "register", stumble)

    return fail


@pytest.mark.parametrize("handler", [*BUTTONS, *FORMS], ids=lambda each: each.fn.__qualname__)
def test_after_a_bug_it_can_be_pressed_again(auth_app, login_as, failing, handler):
    failing(RuntimeError("a bug in the app"))
    new = {"id": "ada", "name": "Ada", "email": "ada@example.org", "password": "difference engine"}
    with Tab(auth_app, login_as(JOHN)) as tab:
        tab.call(handler, **({"form": new} if handler in FORMS else {}))
        failed = {"message": "That did not work. Try again.", "code": "HandlerFailed"}
        tab.expect_vars(SessionState, event_error=failed)
        tab.expect_vars(handler.state, pending=False)


@pytest.mark.parametrize("handler", BUTTONS, ids=lambda each: each.fn.__qualname__)
def test_a_refusal_is_forgotten_when_the_page_is_loaded_again(auth_app, login_as, failing, handler):
    failing(StoreUnavailable())
    with Tab(auth_app, login_as(JOHN)) as tab:
        tab.call(handler)
        tab.expect_vars(handler.state, error=StoreUnavailable().to_dict())
        tab.call(OnLoadInternalState.on_load_internal)
        tab.expect_vars(handler.state, error={})


def test_new_password_is_confirmed_though_the_other_sessions_are_still_open(
    auth_app, login_as, failing
):
    failing(StoreUnavailable(), "revoke_others")
    with Tab(auth_app, login_as(JOHN), path="/account") as tab:
        tab.call(AccountState.change_password, form={"current": SEED_PASSWORD, "new": "new words"})
        tab.expect_vars(AccountState, error={"code": "OthersLeft"}, done=False, pending=False)
    assert auth_app.run(RegisterState.accounts.check(JOHN.id, "new words"))
