"""An app as mypy sees it, which checks this file: its own user model reaches all parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import reflex as rx
from reflex.vars import BooleanVar, NumberVar, ObjectVar, StringVar

from authdemo.sessions import (
    Account,
    Auth,
    Callbacks,
    Credentials,
    Events,
    Session,
    User,
    use_session,
)
from authdemo.sessions.locales import t


class Member(User):
    """A user with a role."""

    role: str = "user"


async def authorize(credentials: Mapping[str, Any]) -> Member | None:
    return Member(id=str(credentials["id"]))


def find(user_id: str) -> Member | None:
    return Member(id=user_id)


def jwt(token: dict[str, Any], user: Member | None, **_: Any) -> dict[str, Any]:
    return {**token, "role": user.role} if user else token


async def sign_in(*, user: Member, account: Account, **_: Any) -> bool:
    return user.role != "guest" or account.provider != "credentials"


def greet(*, session: Mapping[str, Any], account: Account) -> None:
    print(session["user"], account)


PROVIDERS = [Credentials(authorize=authorize)]
CALLBACKS = Callbacks(jwt=jwt, sign_in=sign_in)
EVENTS = Events(sign_in=greet)


def make() -> Auth[Member]:
    return Auth(
        providers=PROVIDERS, user=Member, find_user=find, callbacks=CALLBACKS, events=EVENTS
    )


def make_plain() -> Auth:
    return Auth(providers=PROVIDERS)


async def handle(auth: Auth[Member], state: rx.State) -> None:
    session = await auth(state)
    assert_type(session, Session[Member] | None)
    assert_type(await auth.require_session(state), Session[Member])
    current = auth.current(state)
    assert_type(current, Session[Member] | None)
    if current is not None:
        assert_type(current.user.role, str)
        current.user.rank  # type: ignore[attr-defined]  # noqa: B018
    assert_type(await auth.update(state, name="Ada"), Session[Member])


async def handle_plain(auth: Auth, state: rx.State) -> None:
    assert_type(await auth(state), Session | None)
    assert_type(await auth.require_session(state), Session[User])


def page() -> rx.Component:
    session = use_session(Member)
    assert_type(session.user, ObjectVar[Member])
    assert_type(session.status, StringVar[str])
    assert_type(session.pending, BooleanVar)
    assert_type(session.rev, NumberVar[int])
    label: rx.Var[str] = t("home.title")
    button: rx.Component = rx.el.button(
        label, on_click=session.update(name="Ada"), disabled=session.pending
    )
    return button
