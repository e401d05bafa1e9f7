import reflex as rx


def sidebar():
    return rx.vstack(
        rx.heading("Album", size="5"),
        rx.link("About", href="/"),
        rx.link("Photos", href="/photos"),
        rx.link("Report", href="/report"),
        rx.spacer(),
        rx.color_mode.button(aria_label="Colour mode"),
        padding="1.5em",
        min_height="100vh",
        background=rx.color("accent", 2),
    )


def template(route, title, **page):
    """Add a page to the app, beside the sidebar."""

    def decorate(content):
        @rx.page(route=route, title=title, **page)
        def templated_page():
            return rx.hstack(
                sidebar(),
                rx.vstack(rx.heading(title, as_="h1"), content(), padding="1.5em"),
                align="start",
            )

        return templated_page

    return decorate
