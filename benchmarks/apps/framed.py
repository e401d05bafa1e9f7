"""The bare route in a Reflex app, behind what Reflex puts before each of an app's routes."""

from __future__ import annotations

import reflex as rx
from reflex.config import get_config
from reflex_base.constants import Env
from reflex_base.environment import environment
from starlette.types import ASGIApp

from benchmarks.apps import bare


def make() -> ASGIApp:
    """Make the app, in production mode; it has no pages, and nothing of ours."""
    environment.REFLEX_ENV_MODE.set(Env.PROD)
    environment.REFLEX_SKIP_COMPILE.set(True)
    app = rx.App(api_transformer=bare.make())
    get_config().plugins.clear()
    return app()
