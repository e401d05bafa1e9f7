import reflex as rx
import reflex_local_auth
from sqlmodel import Field, SQLModel, select


class Note(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    owner: int = Field(index=True)
    text: str


class Notes(reflex_local_auth.LocalAuthState):
    notes: list[str] = []

    @rx.event
    def load(self):
        if not self.is_authenticated:
            return
        owner = self.authenticated_user.id
        with rx.session() as db:
            self.notes = list(db.exec(select(Note.text).where(Note.owner == owner)))

    @rx.event
    def add(self, form: dict):
        if not self.is_authenticated:
            return None
        with rx.session() as db:
            db.add(Note(owner=self.authenticated_user.id, text=form["text"]))
            db.commit()
        return Notes.load


def home():
    return rx.el.main(
        rx.el.h1("Notes"),
        rx.el.p("Write down what you must not forget."),
        rx.el.a("Your notes", href="/notes"),
    )


@reflex_local_auth.require_login
def notes():
    return rx.el.main(
        rx.el.h1("Notes of ", Notes.authenticated_user.username),
        rx.el.ul(rx.foreach(Notes.notes, rx.el.li)),
        rx.el.form(
            rx.el.input(name="text", aria_label="Note"),
            rx.el.button("Add", type="submit"),
            on_submit=Notes.add,
            reset_on_submit=True,
        ),
        rx.el.button("Log out", on_click=Notes.do_logout),
    )


app = rx.App()
app.add_page(home, route="/")
app.add_page(notes, route="/notes", on_load=Notes.load)
app.add_page(reflex_local_auth.pages.login_page, route="/login")
app.add_page(reflex_local_auth.pages.register_page, route="/register")
