import reflex as rx
from sqlmodel import Field, SQLModel, select

from authdemo.sessions import AuthError, protected, sign_in_form, use_session
from authdemo.sessions.locales import explain
from my_app.auth import auth, create


class Note(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    owner: int = Field(index=True)
    text: str


@protected
class Notes(rx.State):
    notes: list[str] = []

    def _owner(self):
        return int(auth.current(self).user.id)

    @rx.event
    def load(self):
        with rx.session() as db:
            self.notes = list(db.exec(select(Note.text).where(Note.owner == self._owner())))

    @rx.event
    def add(self, form: dict):
        with rx.session() as db:
            db.add(Note(owner=self._owner(), text=form["text"]))
            db.commit()
        return Notes.load

    @rx.event
    async def log_out(self):
        await auth.sign_out(self)


class OldToken(rx.State):
    value: str = rx.LocalStorage(name="_auth_token")

    @rx.event
    def remove(self):
        if self.value:
            self.value = ""
            return rx.remove_local_storage("_auth_token")


class Register(rx.State):
    error: rx.Field[dict] = rx.field(default_factory=dict)

    @rx.event
    async def register(self, form: dict):
        try:
            await auth.register(self, lambda: create(form))
            await auth.sign_in(self, form, callback_url="/notes")
        except AuthError as error:
            self.error = error.to_dict()


def home():
    return rx.el.main(
        rx.el.h1("Notes"),
        rx.el.p("Write down what you must not forget."),
        rx.el.a("Your notes", href="/notes"),
    )


@protected
def notes():
    session = use_session()
    return rx.el.main(
        rx.el.h1("Notes of ", session.user.name),
        rx.el.ul(rx.foreach(Notes.notes, rx.el.li)),
        rx.el.form(
            rx.el.input(name="text", aria_label="Note"),
            rx.el.button("Add", type="submit"),
            on_submit=Notes.add,
            reset_on_submit=True,
        ),
        rx.el.button("Log out", on_click=Notes.log_out),
    )


def login():
    return rx.el.main(
        rx.el.h1("Log in"),
        sign_in_form(),
        rx.el.a("Register", href="/register"),
    )


def register():
    return rx.el.main(
        rx.el.h1("Register"),
        rx.el.form(
            rx.el.input(name="username", aria_label="Username"),
            rx.el.input(name="password", type="password", aria_label="Password"),
            rx.el.button("Register", type="submit"),
            rx.el.p(explain(Register.error), role="alert"),
            on_submit=Register.register,
            method="post",
        ),
    )


app = rx.App()
app.add_page(home, route="/")
app.add_page(notes, route="/notes", on_load=Notes.load)
app.add_page(login, route="/login", on_load=OldToken.remove)
app.add_page(register, route="/register")
