import reflex as rx

from authdemo.sessions import SessionsPlugin

config = rx.Config(
    app_name="my_app",
    plugins=[
        rx.plugins.SitemapPlugin(),
        rx.plugins.RadixThemesPlugin(theme=rx.theme(accent_color="grass")),
        SessionsPlugin(
            "my_app.auth:auth",
            csp={
                "style-src": ["https://fonts.googleapis.com"],
                "font-src": ["https://fonts.gstatic.com"],
            },
        ),
    ],
)
