"""What Reflex's sitemap leaves out: it is public, and names the pages of an app."""

from __future__ import annotations

import reflex as rx

from ...core.guard import PageRules

_CHOICE = "sitemap"
"""Where a page's context says what `SitemapPlugin` shall write of it; None for nothing."""


def hide_from_sitemap(app: rx.App, rules: PageRules) -> None:
    """Leave the pages that not everybody may see out of the sitemap.

    A page whose own context says what the sitemap shall hold of it has its way. Other plugins may
    have the pages in hand already, so they are changed and not replaced.

    Args:
        app: The app, with all of its pages.
        rules: Which pages are for whom.
    """
    for page in app._unevaluated_pages.values():
        if rules.of_route(page.route) is not None and _CHOICE not in page.context:
            object.__setattr__(page, "context", {**page.context, _CHOICE: None})
