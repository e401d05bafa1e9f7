"""What all pages have in common."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.accounts import DemoUser
from authdemo.sessions import use_session, word
from authdemo.ui.log_out import log_out_button, log_out_refusal

LINKS = {"home": "/", "client": "/client", "inspector": "/inspector", "account": "/account"}


def layout(
    title: Any, *children: rx.Component, lead: Any, has_way_out: bool = False
) -> rx.Component:
    """Lay a page out for somebody who is signed in.

    Args:
        title: The page's heading.
        *children: What the page holds.
        lead: One sentence about the page.
        has_way_out: Whether the page itself holds the button to log out.

    Returns:
        The page.
    """
    return rx.fragment(
        rx.el.header(
            rx.el.a("authdemo", href="/", class_name="brand"),
            rx.el.nav(
                *(rx.el.a(word(f"layout.{name}"), href=path) for name, path in LINKS.items()),
                rx.cond(_is_admin(), rx.el.a(word("layout.people"), href="/admin")),
                aria_label=word("layout.pages"),
            ),
            *(() if has_way_out else (log_out_button(),)),
            class_name="bar",
        ),
        rx.el.main(
            rx.el.h1(title),
            rx.el.p(lead, class_name="lead"),
            *children,
            log_out_refusal(),
        ),
    )


def plain_layout(title: Any, *children: rx.Component) -> rx.Component:
    """Lay a page out for anyone.

    Args:
        title: The page's heading.
        *children: What the page holds.

    Returns:
        The page.
    """
    return rx.el.main(
        rx.el.p("authdemo", class_name="brand"),
        rx.el.h1(title),
        *children,
        class_name="narrow",
    )


def _is_admin() -> Any:
    return use_session(DemoUser).user.role == "admin"
