from __future__ import annotations

import os

import reflex as rx

from authdemo.sessions import SessionsPlugin

LOOKS = {
    "bare": [],
    "radix": [rx.plugins.RadixThemesPlugin()],
    "tailwind": [rx.plugins.TailwindV4Plugin()],
}

config = rx.Config(
    app_name="my_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[SessionsPlugin("my_app.auth:auth", devtools=["reader"]), *LOOKS[os.environ["LOOK"]]],
)
