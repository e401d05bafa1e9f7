"""What is said when protected pages are built for a server that serves them to anybody."""

from __future__ import annotations

import re
import shutil

import pytest
import reflex as rx

from authdemo.sessions.reflex.lint import literal_texts_of
from authdemo.testing import wait_until
from tests.guards.conftest import APP, copied
from tests.support import apps, starting


class Shelf(rx.State):
    book: rx.Field[str] = rx.field("")
    is_open: rx.Field[bool] = rx.field(default=False)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Start the app up to where its pages would be built, and read what it says."""
    folder = tmp_path_factory.mktemp("pages") / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return " ".join(starting.started(folder, {"REFLEX_FRONTEND_ONLY": "true"}).lines)


def test_protected_pages_with_text_of_their_own_are_named(said: str) -> None:
    named = re.findall(r"The page '([^']+)' is protected, and its text is in", said)
    assert {"index", "index-of-names", "drawer/[number]", "council", "sensitive"} <= set(named)
    assert "'Members only'" in said


@pytest.mark.parametrize("public", ["about", "post/[slug]", "unmarked", "login"])
def test_public_pages_with_text_are_not_named(said: str, public: str) -> None:
    assert f"The page '{public}'" not in said


def test_pages_with_text_are_named_if_another_server_serves_them(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = copied(tmp_path_factory.mktemp("pages_alone"))
    warning = "The page 'council' is protected"
    with apps.started(folder, "--env=prod", "--frontend-only") as server:
        wait_until(
            lambda: warning in " ".join(server.logged().split()),
            timeout=60,
            on_timeout=server.logged,
        )


@pytest.mark.parametrize(
    ("component", "texts"),
    [
        (rx.el.p("a secret"), ["a secret"]),
        (rx.el.p(f"hello {Shelf.book} secret"), ["hello", "secret"]),
        (rx.el.p("secret " + Shelf.book), ["secret"]),
        (rx.el.p(rx.cond(Shelf.is_open, "a secret", "b")), ["a secret", "b"]),
        (rx.el.p(rx.cond(Shelf.is_open, rx.el.b("a secret"), "b")), ["a secret", "b"]),
        (rx.el.p(rx.cond(Shelf.book == "x", Shelf.book + "!", "")), ["!"]),
        (rx.el.input(placeholder="a secret", name="not read", type="text"), ["a secret"]),
        (rx.el.img(alt="a secret", src="/x.png"), ["a secret"]),
        (rx.el.button(aria_label="a secret", class_name="not read"), ["a secret"]),
        (rx.el.p(Shelf.book, id="not read"), []),
    ],
    ids=str,
)
def test_a_literal_text_is_found_wherever_it_is(component: rx.Component, texts: list[str]) -> None:
    assert list(literal_texts_of(component)) == texts
