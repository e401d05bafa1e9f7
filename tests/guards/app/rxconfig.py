from __future__ import annotations

import os

import reflex as rx

from authdemo.sessions import SessionsPlugin

PARTNER = os.environ.get("PARTNER")

config = rx.Config(
    app_name="my_app",
    telemetry_enabled=False,
    frontend_packages=["marked@4.3.0"],  # a peer of rx.data_editor's, which npm leaves out
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[
        SessionsPlugin(
            "my_app.auth:auth",
            csp={
                "style-src": ["https://fonts.googleapis.com"],
                "font-src": ["https://fonts.gstatic.com"],
                "frame-ancestors": [PARTNER] if PARTNER else [],
            },
            devtools=os.environ.get("PROTECT_ALL") == "1",
        )
    ],
)
