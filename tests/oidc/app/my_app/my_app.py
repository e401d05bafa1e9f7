from __future__ import annotations

import os

import httpx
import reflex as rx

from authdemo.sessions import protected, session_text
from authdemo.sessions.errors import ProviderTokenUnavailable
from my_app.auth import auth


class Home(rx.State):
    profile: rx.Field[dict] = rx.field(default_factory=dict)
    error: rx.Field[dict] = rx.field(default_factory=dict)

    @rx.event
    @protected
    async def fetch_profile(self):
        try:
            token = await auth.provider_token(self, "keeping")
        except ProviderTokenUnavailable as error:
            self.error = error.to_dict()
            return
        async with httpx.AsyncClient() as api:
            header = {"Authorization": f"Bearer {token}"}
            answer = await api.get(os.environ["PROFILE_API"], headers=header)
        self.profile = answer.json()

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
