"""Components of Reflex that bring libraries of their own."""

from __future__ import annotations

import reflex as rx

from authdemo.sessions import public

POINTS = [{"name": "tea", "cups": 3}, {"name": "coffee", "cups": 1}]
TEXT = "Some **Markdown** with $x^2$.\n\n```python\nprint(1)\n```"


@public
class Sheet(rx.State):
    rows: rx.Field[list[list[str]]] = rx.field(default_factory=lambda: [["Ada"], ["Grace"]])

    @rx.event
    def edit(self, place: tuple[int, int], cell: dict[str, str]):
        column, row = place
        self.rows[row][column] = cell["data"]


@public
def gallery():
    return rx.el.main(
        rx.data_editor(
            columns=[{"title": "Name", "type": "str"}],
            data=Sheet.rows,
            on_cell_edited=Sheet.edit,
            height="10em",
        ),
        rx.el.p(Sheet.rows[0][0], id="edited"),
        rx.markdown(TEXT),
        rx.code_block("print('code')", language="python"),
        rx.moment("2026-11-30", format="YYYY"),
        rx.recharts.bar_chart(
            rx.recharts.bar(data_key="cups"),
            rx.recharts.x_axis(data_key="name"),
            data=POINTS,
            width=300,
            height=200,
        ),
        rx.accordion.root(rx.accordion.item(header="More", content="What is inside")),
        rx.drawer.root(
            rx.drawer.trigger(rx.el.button("Open the drawer")),
            rx.drawer.portal(
                rx.drawer.content(
                    rx.drawer.title("Drawer"),
                    rx.drawer.description("What is in it"),
                    rx.drawer.close(rx.el.button("Close the drawer")),
                )
            ),
        ),
        rx.el.button("Toggle colors", on_click=rx.toggle_color_mode),
    )
