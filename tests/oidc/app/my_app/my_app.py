from __future__ import annotations

import reflex as rx

from authdemo.sessions import protected, session_text
from my_app.auth import auth


class Home(rx.State):
    @rx.event
    @protected
    async def log_out(self):
        await auth.sign_out(self)


@protected
def home():
    return rx.el.main(
        rx.el.h1("Hello ", session_text("user.name")),
        rx.el.p(session_text("user.id"), id="user"),
        rx.el.button("Log out", on_click=Home.log_out),
    )


@protected(fresh=60)
def safe():
    return rx.el.h1("The safe")


app = rx.App()
app.add_page(home, route="/")
app.add_page(safe, route="/safe")
