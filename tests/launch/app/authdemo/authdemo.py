"""A placeholder app for the launcher's own tests."""

from __future__ import annotations

import reflex as rx


class Counter(rx.State):
    """A number that a button raises."""

    number: int = 0

    @rx.event
    def increase(self) -> None:
        """Raise the number by one."""
        self.number += 1


def index() -> rx.Component:
    """Show the number."""
    return rx.el.main(
        rx.el.h1("Home Page"),
        rx.el.p(Counter.number, id="number"),
        rx.el.button("More", on_click=Counter.increase),
    )


app = rx.App(toaster=None)
app.add_page(index, route="/")
