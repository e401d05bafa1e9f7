"""Reflex reads its configuration from here."""

from __future__ import annotations

import os

import reflex as rx

from authdemo.sessions.reflex.plugin import SessionsPlugin

pages_port = os.environ.get("PORT") or "3000"

config = rx.Config(
    app_name="authdemo",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    state_manager_mode="memory",
    frontend_compression_formats=["gzip", "brotli"],
    cors_allowed_origins=[f"http://localhost:{pages_port}"],
    disable_plugins=[rx.plugins.SitemapPlugin],
    plugins=[SessionsPlugin("authdemo.auth:auth")],
)
