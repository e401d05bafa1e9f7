"""The app: start reading here."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo import logs
from authdemo.pages import account, admin, client, home, inspector, login, nowhere
from authdemo.sessions import word
from authdemo.ui import mishaps

logs.write_to_stderr()


def titled(key: str) -> Any:
    """Make a page's title in the visitor's language."""
    return word(key) + " · authdemo"


app = rx.App(stylesheets=["/style.css"], toaster=None, html_lang="en", app_wraps=mishaps.WRAPS)
app.add_page(home.page, route="/", title=titled("home.title"))
app.add_page(client.page, route="/client", title=titled("client.title"))
app.add_page(inspector.page, route="/inspector", title=titled("inspector.title"))
app.add_page(account.page, route="/account", title=titled("account.title"))
app.add_page(
    admin.page,
    route="/admin",
    title=titled("people.title"),
    on_load=admin.AdminState.look,
)
app.add_page(
    login.page,
    route="/login",
    title=titled("login.title"),
    on_load=login.LoginState.explain,
)
app.add_page(nowhere.page, route="404", title=nowhere.TITLE)
