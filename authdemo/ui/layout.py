"""What all pages have in common."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.accounts import Member
from authdemo.sessions import session_text, use_session
from authdemo.sessions.components import impersonation_banner, noscript_notice
from authdemo.sessions.locales import t, verbatim
from authdemo.ui.brand import brand
from authdemo.ui.feedback import LIVE, Arrival, toasts
from authdemo.ui.log_out import log_out_button, log_out_refusal
from authdemo.ui.preferences import preferences

LINKS = {"home": "/", "client": "/client", "inspector": "/inspector", "account": "/account"}


def layout(name: str, *children: rx.Component, is_wide: bool = False) -> rx.Component:
    """Lay out a page for a signed-in user."""
    return rx.fragment(
        acting(),
        rx.el.header(
            _within_page(t("nav.skip"), "#main", class_name="skip"),
            brand(href="/"),
            rx.el.nav(
                *(_link(each, path, name) for each, path in LINKS.items()),
                rx.cond(_is_admin(), _link("people", "/admin", name)),
                aria_label=t("nav.pages"),
            ),
            rx.el.div(
                rx.el.span(session_text("user.name"), custom_attrs=verbatim() | LIVE),
                log_out_button(),
                class_name="user",
            ),
            class_name="bar",
        ),
        log_out_refusal(),
        rx.el.main(
            rx.el.h1(t(f"{name}.title"), tab_index=-1),
            rx.el.p(t(f"{name}.lead"), class_name="lead"),
            noscript_notice(has_api_form=True),
            *children,
            id="main",
            tab_index=-1,
            class_name="wide" if is_wide else "",
        ),
        preferences(),
        toasts(),
        Arrival.create(),
    )


def plain_layout(name: str, *children: rx.Component) -> rx.Component:
    """Lay a page out for anyone."""
    return rx.fragment(
        acting(),
        rx.el.main(
            brand(),
            rx.el.h1(t(f"{name}.title"), tab_index=-1),
            noscript_notice(has_api_form=name in ("login", "code")),
            *children,
            class_name="narrow",
        ),
        preferences(),
        toasts(),
        Arrival.create(),
    )


@rx.memo
def acting() -> rx.Component:
    """Say that an administrator acts as the user."""
    return impersonation_banner()


def _link(name: str, path: str, current: str) -> rx.Component:
    mark = {"aria_current": "page"} if name == current else {}
    return rx.el.a(t(f"nav.{name}"), href=path, **mark)


def _is_admin() -> Any:
    return use_session(Member).user.role == "admin"


def _within_page(text: Any, href: str, *, class_name: str) -> rx.Component:
    """Link to a part of the page; `rx.el.a` is a link of the router's, which leads to pages."""
    link: rx.Component = rx.el.A.create(text, href=href, class_name=class_name)
    return link
