"""The app: start reading here."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo import logs, metrics
from authdemo.auth import accounts
from authdemo.pages import (
    account,
    admin,
    client,
    code,
    confirm,
    forgot,
    home,
    inspector,
    login,
    not_found,
    register,
    reset,
    sign_in_link,
    verify,
)
from authdemo.sessions.locales import t
from authdemo.ui import error_boundary, head
from authdemo.ui.log_out import LogOutState

logs.write_to_stderr()


def titled(key: str) -> Any:
    """Make a page's title in the visitor's language."""
    return t(key) + " · authdemo"


app = rx.App(
    stylesheets=["/theme.css", "/style.css"],
    head_components=head.components(),
    html_lang="en",
    toaster=None,
    app_wraps=error_boundary.WRAPS,
    api_transformer=metrics.routes(),
)
app.register_lifespan_task(accounts.lifespan)
for path, page, name, on_load in (
    ("/", home.page, "home", [LogOutState.clear, home.HomeState.clear]),
    ("/client", client.page, "client", [LogOutState.clear]),
    ("/inspector", inspector.page, "inspector", [LogOutState.clear]),
    ("/account", account.page, "account", [LogOutState.clear, account.AccountState.look]),
    ("/admin", admin.page, "people", [LogOutState.clear, admin.AdminState.look]),
    ("/code", code.page, "code", []),
    ("/confirm", confirm.page, "confirm", []),
    ("/login", login.page, "login", [login.LoginState.explain]),
    ("/register", register.page, "register", []),
    ("/forgot", forgot.page, "forgot", []),
    ("/reset", reset.page, "reset", []),
    ("/verify", verify.page, "verify", []),
    ("/sign-in-link", sign_in_link.page, "sign_in_link", []),
    ("404", not_found.page, "not_found", []),
):
    app.add_page(page, route=path, title=titled(f"{name}.title"), image=head.ICON, on_load=on_load)
