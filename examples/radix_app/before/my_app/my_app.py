import reflex as rx

from my_app.album import Album
from my_app.api import api
from my_app.template import template

ABOUT = """
Put your photos into the **album**. A photo of $w$ by $h$ points takes $$\\sqrt{w^2 + h^2}$$
from corner to corner.
"""


@template("/", "About the album")
def about():
    return rx.fragment(
        rx.markdown(ABOUT),
        rx.button("Start", on_click=rx.redirect("/photos")),
    )


@template("/photos", "Photos", on_load=Album.load)
def photos():
    return rx.fragment(
        rx.text(Album.summary),
        rx.hstack(
            rx.foreach(
                Album.photos,
                lambda name: rx.image(src=rx.get_upload_url(name), alt=name, height="6em"),
            )
        ),
        rx.upload(
            rx.text("Drop photos here"),
            rx.foreach(rx.selected_files("photos"), rx.code),
            id="photos",
            accept={"image/*": []},
        ),
        rx.button("Add", on_click=Album.add(rx.upload_files("photos"))),
        rx.dialog.root(
            rx.dialog.trigger(rx.button("Remove all", color_scheme="red")),
            rx.dialog.content(
                rx.dialog.title("Remove all photos?"),
                rx.dialog.description("They can't be restored."),
                rx.hstack(
                    rx.dialog.close(rx.button("Keep them", variant="soft")),
                    rx.dialog.close(rx.button("Remove", on_click=Album.remove_all)),
                ),
            ),
        ),
    )


@template("/report", "Report")
def report():
    return rx.fragment(
        rx.progress(value=Album.progress, aria_label="Progress"),
        rx.button("Make the report", on_click=Album.report),
    )


app = rx.App(
    stylesheets=["https://fonts.googleapis.com/css2?family=Inter&display=swap"],
    style={"font_family": "Inter, sans-serif"},
    api_transformer=api,
)
