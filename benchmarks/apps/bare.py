"""The measure of all others: a route that does nothing but send JSON."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.apps import BARE, EMAIL, NAME

_SESSION = {
    "user": {
        "id": "john_doe",
        "name": NAME,
        "email": EMAIL,
        "image": None,
        "role": "user",
    },
    "expires": "2030-01-01T00:00:00.000Z",
    "rev": 1,
}


async def answer(_: Request) -> JSONResponse:
    """Send what looks like a session."""
    return JSONResponse(_SESSION)


def make() -> Starlette:
    """Make the app.

    Returns:
        The ASGI app.
    """
    return Starlette(routes=[Route(BARE, answer)])
