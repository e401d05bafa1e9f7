"""Reflex reads its configuration from here."""

from __future__ import annotations

import os

import reflex as rx

from authdemo.sessions.reflex.plugin import SessionsPlugin
from authdemo.slim_build.plugin import SlimBuild

# The workers share the tabs' state as they share the sessions: in Redis, if there is one.
state_manager = "redis" if os.environ.get("REFLEX_REDIS_URL") else "memory"
pages_port = os.environ.get("PORT") or "3000"

config = rx.Config(
    app_name="authdemo",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode=state_manager,
    frontend_compression_formats=["brotli", "gzip"],
    cors_allowed_origins=[f"http://localhost:{pages_port}"],
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[
        SessionsPlugin("authdemo.auth:auth", keep_secret=True, devtools=["user", "admin"]),
        SlimBuild(),
    ],
)
