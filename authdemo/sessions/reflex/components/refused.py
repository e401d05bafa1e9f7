"""What a member is led to from a page that is not for them, where another server hands it out.

The app itself answers with `http/pages/refusals.py` and shows nothing of the page. The development
server asks nobody, so the page is there before the verdict is, and the tab is led away from it.
"""

from __future__ import annotations

import reflex as rx

from ...core.errors import AccessDenied
from ..protection.guards import public
from .words import explain, word


@public
def refused_page() -> rx.Component:
    """Build the page."""
    error = AccessDenied("This page is not for you.", reason="page")
    page: rx.Component = rx.el.main(
        rx.el.h1(word("refusal.403")),
        rx.el.p(explain(rx.Var.create(error.facts())), role="alert"),
        rx.el.p(rx.el.a(word("refusal.home"), href="/")),
        class_name="auth-page",
    )
    return page
