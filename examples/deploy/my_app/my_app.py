from typing import ClassVar

import reflex as rx

from authdemo.accounts import Accounts, RegistrationMixin, register_form
from authdemo.sessions import session_text, use_session
from my_app.auth import accounts, auth


class Home(rx.State):
    @rx.event
    async def server_update(self):
        await auth.update(self, name="Serverserver-man")

    @rx.event
    async def log_out(self):
        await auth.sign_out(self)


class Register(RegistrationMixin, rx.State):
    accounts: ClassVar[Accounts] = accounts


def home():
    session = use_session()
    return rx.el.main(
        rx.el.h1("Home Page"),
        rx.el.p(session_text("user.name"), data_testid="server-session"),
        rx.el.button("Client Side Update", on_click=session.update(name="Server-Man")),
        rx.el.button("Server Side Update", on_click=Home.server_update),
        rx.el.button("Log Out", on_click=Home.log_out),
    )


def client():
    session = use_session()
    return rx.el.main(
        rx.el.h1("Client Side Rendering Page"),
        rx.el.p(session.user.name, data_testid="client-session"),
        rx.el.button("Client Side Update", on_click=session.update(name="Client-Man")),
        rx.el.button("Log Out", on_click=Home.log_out),
    )


def register():
    return rx.el.main(rx.el.h1("Register"), register_form(Register))


app = rx.App()
app.add_page(home, route="/")
app.add_page(client, route="/client")
app.add_page(register, route="/register")
