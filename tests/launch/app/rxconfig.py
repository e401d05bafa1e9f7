"""Reflex reads its configuration from here."""

from __future__ import annotations

import reflex as rx

config = rx.Config(
    app_name="authdemo",
    telemetry_enabled=False,
    state_manager_mode="memory",
    disable_plugins=[rx.plugins.SitemapPlugin],
    show_built_with_reflex=False,
)
