import functools

import reflex as rx

from my_app.account import account_menu


def sidebar():
    return rx.vstack(
        rx.heading("Album", size="5"),
        rx.link("About", href="/"),
        rx.link("Photos", href="/photos"),
        rx.link("Report", href="/report"),
        rx.spacer(),
        account_menu(),
        rx.color_mode.button(aria_label="Colour mode"),
        padding="1.5em",
        min_height="100vh",
        background=rx.color("accent", 2),
    )


def template(route, title, **page):
    """Add a page to the app, beside the sidebar."""

    def decorate(content):
        @rx.page(route=route, title=title, **page)
        @functools.wraps(content)
        def templated_page():
            return rx.hstack(
                sidebar(),
                rx.vstack(rx.heading(title, as_="h1"), content(), padding="1.5em"),
                align="start",
            )

        return templated_page

    return decorate
