import reflex as rx

from authdemo.sessions import protected, use_session

from .api import api
from .auth import auth
from .reports import reports


class Account(rx.State):
    @rx.event
    @protected
    async def log_out(self):
        await auth.sign_out(self)


@protected
def index():
    session = use_session()
    return rx.el.main(
        rx.el.h1("Orders of ", session.user.name),
        rx.el.a("The API", href="/docs"),
        rx.el.button("Log out", on_click=Account.log_out),
    )


app = rx.App(api_transformer=[reports, api])
app.add_page(index)
