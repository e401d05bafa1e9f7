import os

import reflex as rx

from authdemo.sessions import Auth, Credentials, User, protected, use_session


async def authorize(form):
    if (form.get("id"), form.get("password")) == ("ada", os.environ["ADAS_PASSWORD"]):
        return User(id="ada", name="Ada Lovelace")


auth = Auth(providers=[Credentials(authorize=authorize)])


class Home(rx.State):
    @rx.event
    @protected
    async def log_out(self):
        await auth.sign_out(self)


@protected
def index():
    session = use_session()
    return rx.el.main(
        rx.el.h1("Hello ", session.user.name),
        rx.el.button("Rename", on_click=session.update(name="Countess")),
        rx.el.button("Log out", on_click=Home.log_out),
    )


app = rx.App()
app.add_page(index)
