"""Forms and buttons of the demo, when their handlers raise what nobody foresaw."""

from __future__ import annotations

import pytest

from authdemo.pages.account import AccountState
from authdemo.pages.home import HomeState
from authdemo.pages.login import LoginState
from authdemo.pages.register import RegisterState
from authdemo.sessions.accounts import Member
from authdemo.sessions.reflex.components.sign_in import ConfirmState, SignInState
from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.sessions.testing import Tab

JOHN = Member(id="john_doe", name="John Doe", role="user")
BUTTONS = [HomeState.server_update]
FORMS = [
    LoginState.log_in,
    AccountState.change_password,
    RegisterState.register,
    SignInState.sign_in,
    ConfirmState.confirm,
]


@pytest.fixture(autouse=True)
def bug(auth_app, monkeypatch):
    """Raise an error that is no refusal, wherever a handler asks for something."""

    async def stumble(*_, **__):
        raise RuntimeError("a bug in the app")

    for name in ("sign_in", "confirm", "update"):
        monkeypatch.setattr(auth_app.auth, name, stumble)
    monkeypatch.setattr(RegisterState.accounts, "register", stumble)


@pytest.mark.parametrize("handler", [*BUTTONS, *FORMS], ids=lambda each: each.fn.__qualname__)
def test_it_can_be_pressed_again(auth_app, login_as, handler):
    new = {"id": "ada", "name": "Ada", "email": "ada@example.org", "password": "difference engine"}
    with Tab(auth_app, login_as(JOHN)) as tab:
        tab.call(handler, **({"form": new} if handler in FORMS else {}))
        failed = {"message": "That did not work. Try again.", "code": "HandlerFailed"}
        tab.holds(SessionState, refusal=failed)
        tab.holds(handler.state, pending=False)
