"""An app with users from reflex-local-auth, before and after it adopts the package."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from authdemo.testing import wait_until
from tests.browser import launched
from tests.e2e.visitor import Visitor, click, is_connected
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import ROOT, Server

EXAMPLE = ROOT / "examples" / "local_auth_users"
PASSWORD = "a bird in a gilded cage"
REGISTERED_BEFORE = f"""
import reflex as rx
from reflex_local_auth import LocalUser
from sqlmodel import SQLModel

from my_app.my_app import Note, home, notes

home(), notes()
SQLModel.metadata.create_all(rx.model.get_engine())
with rx.session() as db:
    for name, enabled in (("alice", True), ("mallory", False)):
        hashed = LocalUser.hash_password({PASSWORD!r})
        db.add(LocalUser(username=name, password_hash=hashed, enabled=enabled))
    db.add(Note(owner=1, text="Alice wrote this before"))
    db.add(Note(owner=2, text="Mallory wrote this"))
    db.commit()
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app after its adoption, on the database that the app before it left."""
    folder = tmp_path_factory.mktemp("local_auth_users")
    for state in ("before", "after"):
        shutil.copytree(EXAMPLE / state, folder / state)
    (folder / "before" / "alembic.ini").touch()
    (folder / "after" / "alembic.ini").touch()
    command = [sys.executable, "-c", REGISTERED_BEFORE]
    subprocess.run(command, cwd=folder / "before", check=True, timeout=120, env={**os.environ})
    shutil.copy(folder / "before" / "reflex.db", folder / "after" / "reflex.db")
    apps.adopt(folder / "after")
    with apps.serving(folder / "after", {"AUTH_LOGIN_RATE": "1000/minute"}) as server:
        yield server


@pytest.fixture
def visitor(app: Server) -> Iterator[Visitor]:
    with (
        launched() as chromium,
        Visitor.with_own_browser(chromium, app.url) as visitor,
    ):
        yield visitor
        visitor.saw_no_complaint()


def fill(tab: Page, button: str, username: str, password: str = PASSWORD) -> None:
    is_connected(tab)
    tab.locator("[name=username]").fill(username)
    tab.locator("[name=password]").fill(password)
    click(tab, button)


def test_user_of_the_old_table_signs_in_and_finds_their_own_notes(
    app: Server, visitor: Visitor
) -> None:
    old_token = "localStorage.setItem('_auth_token', 'the token of the old session')"
    visitor.context.add_init_script(f"if (location.pathname === '/') {old_token}")
    tab = visitor.open("/")
    tab.get_by_role("link", name="Your notes").click()
    tab.wait_for_url("**/login?callbackUrl=/notes")
    is_connected(tab)
    wait_until(lambda: tab.evaluate("localStorage.getItem('_auth_token') === null"))
    fill(tab, "Log in", "alice", "a guess")
    expect(tab.get_by_role("alert")).not_to_be_empty()
    fill(tab, "Log in", "alice")
    tab.wait_for_url(f"{visitor.url}/notes")
    expect(tab.get_by_role("heading")).to_have_text("Notes of alice")
    expect(tab.get_by_role("listitem")).to_have_text(["Alice wrote this before"])
    tab.get_by_label("Note").fill("and this after")
    click(tab, "Add")
    expect(tab.get_by_role("listitem")).to_have_text(["Alice wrote this before", "and this after"])
    click(tab, "Log out")
    tab.wait_for_url("**/login?callbackUrl=/notes")
    loads = [frame for frame in visitor.frames if "hydrate_and_load" in frame]
    assert len(loads) < 10, "removing the token loads the page without end"


def test_disabled_user_learns_it_after_the_right_password_alone(visitor: Visitor) -> None:
    tab = visitor.open("/login")
    fill(tab, "Log in", "mallory", "a guess")
    expect(tab.get_by_role("alert")).to_contain_text("wrong")
    fill(tab, "Log in", "mallory")
    expect(tab.get_by_role("alert")).to_have_text("This account is disabled.")


def test_new_user_registers_into_the_old_table(app: Server, visitor: Visitor) -> None:
    tab = visitor.open("/register")
    fill(tab, "Register", "alice")
    expect(tab.get_by_role("alert")).to_have_text("This username is taken.")
    fill(tab, "Register", "carol", "short")
    expect(tab.get_by_role("alert")).to_contain_text("at least 8 characters")
    fill(tab, "Register", "carol")
    tab.wait_for_url(f"{visitor.url}/notes")
    expect(tab.get_by_role("heading")).to_have_text("Notes of carol")
    expect(tab.get_by_role("listitem")).to_have_count(0)
    with sqlite3.connect(app.log.parent / "reflex.db") as database:
        (row,) = database.execute("SELECT id, enabled FROM localuser WHERE username = 'carol'")
    assert row == (3, 1)


def test_anonymous_visitor_gets_nothing_of_the_notes(app: Server) -> None:
    """The old decorator only redirected: the page was in the files that everyone gets."""
    assert Browser(app).get("/notes").headers["Location"] == "/login?callbackUrl=/notes"
    for path in Path(app.log.parent, ".web", "build", "client").rglob("*.js"):
        if "Notes of " in path.read_text():
            address = "/" + str(path.relative_to(app.log.parent / ".web/build/client"))
            assert "Notes of " not in Browser(app).get(address).text
