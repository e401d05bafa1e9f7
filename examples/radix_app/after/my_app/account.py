import reflex as rx

from authdemo.sessions import use_session
from my_app.auth import auth


class Account(rx.State):
    @rx.event
    async def sign_out(self):
        await auth.sign_out(self, to="/")


def account_menu():
    session = use_session()
    return rx.cond(
        session.status == "authenticated",
        rx.vstack(
            rx.text(session.user.name, id="member"),
            rx.button("Sign out", on_click=Account.sign_out),
        ),
        rx.link("Sign in", href="/login"),
    )
