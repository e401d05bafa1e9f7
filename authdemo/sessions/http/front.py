"""What stands in front of an app, as far in front as it can."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from starlette.types import ASGIApp, Receive, Scope, Send

Layer: TypeAlias = Callable[[ASGIApp], ASGIApp]

_BEHIND = "authdemo.sessions.behind"
"""Where a scope says what is behind the layers that it is passing through, or has passed."""


class Front:
    """Layers that a request passes once, wherever it meets them first.

    An app can be wrapped by a framework in layers of its own before it is served. To wrap
    the whole as well as the app makes the requests that are answered here fast, and no
    request can come past these layers if the whole is served without them.
    """

    def __init__(self, layers: Iterable[Layer]) -> None:
        """Build the layers.

        Args:
            layers: The layers, the innermost first.
        """
        stack: ASGIApp = _go_behind
        for layer in layers:
            stack = layer(stack)
        self._stack = stack

    def before(self, app: ASGIApp) -> ASGIApp:
        """Put the layers in front of an app.

        Args:
            app: The app, which may have them in front of a part of it already.

        Returns:
            Both.
        """

        async def stand(scope: Scope, receive: Receive, send: Send) -> None:
            if _BEHIND in scope:
                await app(scope, receive, send)
            else:
                scope[_BEHIND] = app
                await self._stack(scope, receive, send)

        return stand


async def _go_behind(scope: Scope, receive: Receive, send: Send) -> None:
    await scope[_BEHIND](scope, receive, send)
