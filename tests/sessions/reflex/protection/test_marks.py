"""A page that is protected is shown only where its mark is seen, and not without the plugin."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import reflex as rx
from reflex_base.config import get_config
from reflex_base.registry import RegistrationContext

from authdemo.sessions import Auth, ConfigurationError, Credentials, protected, public, use_session
from authdemo.sessions.reflex.protected import page_rules

UNPLUGGED = """
import reflex as rx
config = rx.Config(app_name="my_app", disable_plugins=[rx.plugins.SitemapPlugin])
"""


def hello() -> Any:
    return rx.el.h1("Hello")


def framed(page: Callable[[], Any]) -> Callable[[], Any]:
    """A template, as many apps have one."""

    def frame() -> Any:
        return rx.el.main(page())

    return frame


@pytest.fixture
def app() -> Iterator[rx.App]:
    """An app of its own, beside those of other tests."""
    with RegistrationContext.ensure_context().fork():
        yield rx.App()


def build(app: rx.App) -> list[Any]:
    """Have every page shown once, as a build does."""
    pages: list[Any] = [page.component for page in app._unevaluated_pages.values()]
    return [page() for page in pages]


# --- Where the mark is seen


def added(app: rx.App) -> None:
    app.add_page(protected(hello), route="/")


def added_with_a_rule(app: rx.App) -> None:
    app.add_page(protected(roles="admin")(hello), route="/")


def added_in_a_frame(app: rx.App) -> None:
    app.add_page(protected(framed(hello)), route="/")


@pytest.mark.parametrize("add", [added, added_with_a_rule, added_in_a_frame])
def test_a_marked_page_is_shown(app: rx.App, add: Callable[[rx.App], None]) -> None:
    add(app)
    assert list(page_rules(app)) == ["index"]
    assert build(app)


def test_a_template_that_wraps_a_page_has_its_mark(app: rx.App) -> None:
    marked = protected(hello)
    app.add_page(functools.wraps(marked)(framed(marked)), route="/")
    assert list(page_rules(app)) == ["index"]
    assert build(app)


def test_a_page_of_a_module_is_shown_where_there_is_no_app() -> None:
    assert protected(hello)()


# --- Where it isn't


@pytest.mark.parametrize(
    "hide",
    [lambda page: lambda: rx.fragment(page()), framed, functools.partial],
    ids=["lambda", "template", "partial"],
)
def test_a_function_around_it_has_no_mark_and_shows_nothing(
    app: rx.App, hide: Callable[[Any], Any]
) -> None:
    app.add_page(hide(protected(hello)), route="/")
    said = r"hello is protected, but a page without that .* functools\.wraps"
    with pytest.raises(ConfigurationError, match=said):
        build(app)


def test_what_it_returns_has_no_mark_and_is_not_there(app: rx.App) -> None:
    with pytest.raises(ConfigurationError, match=r"Mark what add_page or rx\.page gets"):
        app.add_page(protected(hello)(), route="/")


# --- Without the plugin


@pytest.fixture
def forgetful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An app whose configuration has no plugin."""
    (tmp_path / "rxconfig.py").write_text(UNPLUGGED)
    monkeypatch.chdir(tmp_path)
    with RegistrationContext.ensure_context().fork():
        get_config()
        yield


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(
    "use",
    [
        lambda: protected(hello),
        lambda: public(hello),
        use_session,
        lambda: Auth(providers=[Credentials(authorize=lambda _: None)]),
    ],
    ids=["protected", "public", "use_session", "Auth"],
)
def test_nothing_can_be_used(use: Callable[[], object]) -> None:
    with pytest.raises(ConfigurationError, match=r"Add it to .*my_app\.my_app:auth"):
        use()
