import reflex as rx

from authdemo.sessions import SessionsPlugin

config = rx.Config(
    app_name="my_app",
    plugins=[
        rx.plugins.SitemapPlugin(),
        rx.plugins.RadixThemesPlugin(),
        SessionsPlugin("my_app.auth:auth"),
    ],
)
