"""The app: start reading here."""

from __future__ import annotations

import reflex as rx

from authdemo import logs
from authdemo.pages import account, admin, client, home, inspector, login

logs.write_to_stderr()

app = rx.App(stylesheets=["/style.css"], toaster=None, html_lang="en")
app.add_page(home.page, route="/", title="Home · authdemo")
app.add_page(client.page, route="/client", title="Client side · authdemo")
app.add_page(inspector.page, route="/inspector", title="Inspector · authdemo")
app.add_page(account.page, route="/account", title="Account · authdemo")
app.add_page(
    admin.page,
    route="/admin",
    title="People · authdemo",
    on_load=admin.AdminState.look,
)
app.add_page(
    login.page,
    route="/login",
    title="Log in · authdemo",
    on_load=login.LoginState.explain,
)
