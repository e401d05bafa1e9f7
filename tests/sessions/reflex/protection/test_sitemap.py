"""The sitemap that Reflex writes for everybody names no page that isn't for everybody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import reflex as rx
from reflex_base.plugins.sitemap import generate_links_for_sitemap
from reflex_base.registry import RegistrationContext

from authdemo.sessions import Pages, protected, public
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.providers.credentials import Credentials
from authdemo.sessions.reflex.protected import hide_from_sitemap, page_rules, routes_of
from tests.support.house import SECRET


def page() -> Callable[[], Any]:
    """A page of its own: marks stay where they are put."""

    def shown() -> Any:
        return rx.el.h1("Hello")

    return shown


@pytest.fixture
def app() -> Iterator[rx.App]:
    with RegistrationContext.ensure_context().fork():
        yield rx.App()


def listed(app: rx.App, **choices: Any) -> list[str]:
    settings = Settings(keys=KeyRing([SECRET]))
    providers = [Credentials(authorize=lambda _: None)]
    auth = Engine(providers=providers, settings=settings, **choices)
    before = list(app._unevaluated_pages.values())  # as a plugin that comes first has them
    hide_from_sitemap(app, auth.rules_for(page_rules(app), routes_of(app)))
    return [urlsplit(link["loc"]).path for link in generate_links_for_sitemap(before, "preserve")]


def test_marked_pages_are_left_out_by_whatever_rule(app: rx.App) -> None:
    app.add_page(page(), route="/about")
    app.add_page(protected(page()), route="/")
    app.add_page(protected(roles="admin")(page()), route="/books")
    assert listed(app) == ["/about"]


def test_pages_protected_by_name_are_left_out(app: rx.App) -> None:
    app.add_page(page(), route="/")
    app.add_page(page(), route="/Vault")
    app.add_page(page(), route="/confirm")
    assert listed(app, pages=Pages(protected=frozenset({"/vault"}))) == ["/"]


def test_where_all_is_protected_what_is_public_is_listed(app: rx.App) -> None:
    app.add_page(page(), route="/")
    app.add_page(public(page()), route="/about")
    app.add_page(page(), route="/login")
    assert listed(app, protect_all=True) == ["/about", "/login"]


def test_what_a_page_says_itself_is_listed(app: rx.App) -> None:
    shared = {"sitemap": {"priority": 0.5}}
    app.add_page(protected(page()), route="/offer", context=shared)
    app.add_page(page(), route="/about", context=shared)
    assert listed(app) == ["/offer", "/about"]


def test_pages_that_share_a_context_are_distinguished(app: rx.App) -> None:
    shared = {"section": "books"}
    app.add_page(protected(page()), route="/lent", context=shared)
    app.add_page(page(), route="/free", context=shared)
    assert listed(app) == ["/free"]
    assert shared == {"section": "books"}
