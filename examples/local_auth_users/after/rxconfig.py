import reflex as rx

from authdemo.sessions import SessionsPlugin

config = rx.Config(
    app_name="my_app",
    db_url="sqlite:///reflex.db",
    plugins=[rx.plugins.SitemapPlugin(), SessionsPlugin("my_app.auth:auth")],
)
