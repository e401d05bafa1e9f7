"""The app, but who signs in proves it with no password, and a sweep can be asked for.

Hashing passwords takes the time that it should take, so it is measured apart.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from authdemo.accounts import Member
from authdemo.auth import auth
from authdemo.serve.server import make_app
from authdemo.sessions import Credentials
from benchmarks.apps import EMAIL, NAME, SWEEP


async def authorize(credentials: Mapping[str, Any]) -> Member:
    """Let anybody in, at once."""
    return Member(id=str(credentials["id"]), name=NAME, email=EMAIL)


async def sweep(request: Request) -> JSONResponse:
    """Forget what expires within some seconds; tell how much that was."""
    until = time.time() + float(request.query_params["within"])
    forgotten = await auth.engine.sessions.store.sweep(until)
    return JSONResponse({"forgotten": forgotten})


def make() -> ASGIApp:
    """Make the app.

    Returns:
        The ASGI app.
    """
    app = make_app()
    auth.engine.providers["credentials"] = Credentials(authorize=authorize)

    async def with_sweep(scope: Scope, receive: Receive, send: Send) -> None:
        is_sweep = scope["type"] == "http" and scope["path"] == SWEEP
        await (await sweep(Request(scope)) if is_sweep else app)(scope, receive, send)

    return with_sweep
