"""The app: start reading here."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo import logs
from authdemo.accounts import accounts
from authdemo.pages import (
    account,
    admin,
    client,
    confirm,
    home,
    inspector,
    login,
    nowhere,
    register,
)
from authdemo.sessions import word
from authdemo.ui import head, mishaps

logs.write_to_stderr()


def titled(key: str) -> Any:
    """Make a page's title in the visitor's language."""
    return word(key) + " · authdemo"


app = rx.App(
    stylesheets=["/theme.css", "/style.css"],
    head_components=head.components(),
    html_lang="en",
    toaster=None,
    app_wraps=mishaps.WRAPS,
)
app.register_lifespan_task(accounts.open)
for path, page, name, on_load in (
    ("/", home.page, "home", None),
    ("/client", client.page, "client", None),
    ("/inspector", inspector.page, "inspector", None),
    ("/account", account.page, "account", account.AccountState.look),
    ("/admin", admin.page, "people", admin.AdminState.look),
    ("/confirm", confirm.page, "confirm", None),
    ("/login", login.page, "login", login.LoginState.explain),
    ("/register", register.page, "register", None),
    ("404", nowhere.page, "nowhere", None),
):
    app.add_page(page, route=path, title=titled(f"{name}.title"), image=head.ICON, on_load=on_load)
