"""The page for addresses where there is none; it is the same file for everyone."""

from __future__ import annotations

import reflex as rx

TITLE = "Not found · authdemo"


def page() -> rx.Component:
    """Build the page; no request puts texts into it, so it speaks English."""
    shown: rx.Component = rx.el.main(
        rx.el.h1("Not found"),
        rx.el.p("There is nothing at this address."),
        rx.el.p(rx.el.a("Home", href="/", custom_attrs={"reloadDocument": True})),
        class_name="narrow",
    )
    return shown
