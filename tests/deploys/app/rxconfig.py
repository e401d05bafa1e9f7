from __future__ import annotations

import reflex as rx

from authdemo.sessions import SessionsPlugin

config = rx.Config(
    app_name="my_app",
    telemetry_enabled=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[SessionsPlugin("my_app.auth:auth")],
)
