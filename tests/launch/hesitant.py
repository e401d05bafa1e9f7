"""Serves an app that never answers the first question it is asked, and all others."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

from authdemo.serve.server import serve
from authdemo.serve.settings import ServerSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def make() -> ASGIApp:
    """Make the app."""
    questions = iter([asyncio.Event()])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        if question := next(questions, None):
            await question.wait()
        await PlainTextResponse("pong")(scope, receive, send)

    return app


if __name__ == "__main__":
    serve(ServerSettings.read(os.environ), make)
