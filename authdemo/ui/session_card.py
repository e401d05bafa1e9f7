"""The session, as a list of its fields."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.accounts import Member
from authdemo.sessions import session_text, use_session
from authdemo.sessions.locales import relative_time, t, verbatim

FIELDS = ("id", "name", "email", "role", "rev", "expires")
_OF_USER = frozenset(Member.model_fields)


def server_session() -> rx.Component:
    """Show the session as the server loaded it: it is in the HTML of the answer."""
    values = {name: session_text(f"user.{name}" if name in _OF_USER else name) for name in FIELDS}
    return _card(
        "server-session",
        t("session.server"),
        values,
    )


def client_session() -> rx.Component:
    """Show the session as the browser knows it: reactive."""
    session = use_session(Member)
    values = {name: getattr(session.user if name in _OF_USER else session, name) for name in FIELDS}
    return _card("client-session", t("session.client"), values)


@rx.memo
def expiry() -> rx.Component:
    """Show when the session ends, as people say it."""
    return relative_time(use_session().expires)


def _card(testid: str, caption: Any, values: dict[str, Any]) -> rx.Component:
    when = rx.el.dd(expiry(), class_name="when")
    rows = (
        rx.el.div(
            rx.el.dt(name),
            rx.el.dd(value, custom_attrs=verbatim() | {"data-field": name}),
            *((when,) if name == "expires" else ()),
        )
        for name, value in values.items()
    )
    return rx.el.section(
        rx.el.h2(t("session.title")),
        rx.el.p(caption, class_name="caption"),
        rx.el.dl(*rows),
        class_name="card",
        custom_attrs={"data-testid": testid},
    )
