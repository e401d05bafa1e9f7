"""A page for members, and what they can do there."""

from __future__ import annotations

from datetime import date

import reflex as rx

from authdemo.sessions import protected
from my_app.auth import Home, Size, auth


class Desk(rx.State):
    said: rx.Field[str] = rx.field("")

    @rx.event
    @protected
    async def say(self):
        user = (await auth(self)).user
        self.said = f"{user.born:%A}, {user.home.since.year}, {user.size.name}, {len(user.tags)}"

    @rx.event
    @protected
    async def move(self):
        await auth.update(self, home=Home(street="Ockham", since=date(1850, 1, 1)), size=Size.LARGE)

    @rx.event
    async def sign_in(self, form: dict, provider: str = "credentials"):
        await auth.sign_in(self, form, provider=provider)


@protected
def home():
    return rx.el.h1("Members")


app = rx.App()
app.add_page(home, route="/")
