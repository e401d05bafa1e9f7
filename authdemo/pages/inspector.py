"""`/inspector`: what a session is, and what just happened to it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions import as_duration, as_local_time, as_text, use_inspection, word
from authdemo.ui.layout import layout
from authdemo.ui.session_card import client_session

MEANINGS = {
    "iss": "issuer: who made the token",
    "aud": "audience: whom it is for",
    "sub": "subject: the user's id",
    "sid": "the session's id",
    "jti": "this very token's id",
    "iat": "issued at",
    "nbf": "not before",
    "exp": "expires at",
    "rev": "the revision that it shows",
    "user": "the user at that revision",
}
MOMENTS = ("iat", "nbf", "exp")


def page() -> rx.Component:
    """Build the page."""
    return layout(
        word("inspector.title"),
        _token(),
        _timeline(),
        client_session(),
        lead=word("inspector.lead"),
    )


def _token() -> rx.Component:
    token = use_inspection()
    rows = (_claim(name, meaning, token.claims[name]) for name, meaning in MEANINGS.items())
    return rx.el.section(
        rx.el.h2("Token"),
        rx.el.p(
            "Signed with ",
            rx.el.code(token.header["alg"].to(str)),
            ", key ",
            rx.el.code(token.header["kid"].to(str)),
            ", ",
            token.size,
            " of at most ",
            token.limit,
            " bytes. The token itself stays in its HttpOnly cookie.",
            class_name="caption",
        ),
        rx.el.p(
            "Expires in ",
            rx.el.strong(
                as_duration(token.seconds_left), custom_attrs={"data-testid": "countdown"}
            ),
        ),
        rx.el.div(
            rx.el.table(
                rx.el.thead(rx.el.tr(*(_heading(t) for t in ("Claim", "Value", "Meaning")))),
                rx.el.tbody(*rows),
            ),
            class_name="scroll",
            tab_index=0,
            role="region",
            aria_label="Claims",
        ),
        class_name="card",
        custom_attrs={"data-testid": "claims"},
    )


def _claim(name: str, meaning: str, value: Any) -> rx.Component:
    shown = [rx.el.code(as_text(value))]
    if name in MOMENTS:
        shown.append(rx.el.span(as_local_time(value.to(int)), class_name="moment"))
    return rx.el.tr(
        rx.el.td(rx.el.code(name)),
        rx.el.td(*shown, custom_attrs={"data-claim": name}),
        rx.el.td(meaning),
    )


def _timeline() -> rx.Component:
    return rx.el.section(
        rx.el.h2("Revisions"),
        rx.el.p("Newest first, since you logged in.", class_name="caption"),
        rx.el.ol(rx.foreach(use_inspection().history, _revision), class_name="timeline"),
        class_name="card",
        custom_attrs={"data-testid": "timeline"},
    )


def _revision(step: Any) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.el.strong("rev ", step["rev"].to(int)),
            " by ",
            step["cause"].to(str),
            rx.el.time(as_local_time(step["at"].to(float))),
        ),
        rx.el.ul(rx.foreach(step["changes"].to(dict[str, dict[str, Any]]), _change)),
    )


def _change(pair: Any) -> rx.Component:
    name, change = pair[0], pair[1]
    return rx.el.li(
        rx.el.code(name),
        ": ",
        rx.el.code(as_text(change["old"])),
        " to ",
        rx.el.code(as_text(change["new"])),
    )


def _heading(text: str) -> rx.Component:
    return rx.el.th(text, scope="col")
