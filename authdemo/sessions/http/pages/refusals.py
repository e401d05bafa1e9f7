"""What a browser shows when there is no page for its visitor.

It needs no script, says it in the visitor's language, and leads back to the start.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.errors import AuthError, NotFound
from ..messages import answers
from ..messages.answers import Answer
from ..messages.security_headers import STRICT, security_headers
from .templates import Wording

_DOCUMENT = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{links}
</head>
<body>
<main class="narrow">
<h1>{title}</h1>
<p role="alert">{message}</p>
<p><a href="/">{home}</a></p>
</main>
</body>
</html>
"""


def refusal_page(error: AuthError, wording: Wording, links: str, *, secure: bool) -> Answer:
    """Answer a browser with an error.

    Args:
        error: The error.
        wording: The texts to say it with.
        links: The `<link>` elements of the site's own look.
        secure: Whether the page is served over https.

    Returns:
        A page that holds nothing but what went wrong.
    """
    status = answers.status(error)
    title = wording.texts.get(f"refusal.{status}", HTTPStatus(status).phrase)
    document = _DOCUMENT.format(
        language=wording.language,
        links=links,
        title=html.escape(title),
        message=html.escape(wording.explain(error)),
        home=html.escape(wording.say("refusal.home", {})),
    )
    safe = security_headers(STRICT.of(document), secure=secure)
    headers = answers.raw({**answers.PERSONAL, **safe, "content-type": "text/html; charset=utf-8"})
    return Answer(status, headers, document.encode()).plus(answers.later(error))


def nothing() -> Answer:
    """Answer a program, for which there is nothing at an address either."""
    return answers.plain_refusal(NotFound())


class InsteadOf:
    """Answers in place of an app where the app's own answer won't do."""

    def __init__(
        self,
        app: ASGIApp,
        is_replaced: Callable[[Message], bool],
        answer: Callable[[], ASGIApp],
    ) -> None:
        """Stand in front of an app.

        Args:
            app: The app.
            is_replaced: Tells by how an answer begins whether it won't do.
            answer: Makes the answer that is sent instead.
        """
        self._app = app
        self._is_replaced = is_replaced
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, unless that won't do."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def pass_on(message: Message) -> None:
            nonlocal is_replaced
            is_replaced = is_replaced or self._is_replaced(message)
            if not is_replaced:
                await send(message)

        await self._app(scope, receive, pass_on)
        if is_replaced:
            await self._answer()(scope, receive, send)


def is_missing(message: Message) -> bool:
    """Tell whether an app says that there is nothing."""
    return bool(message.get("status") == HTTPStatus.NOT_FOUND)


def is_missing_page(message: Message) -> bool:
    """Tell whether an app says so with HTML: with the shell of its pages."""
    if not is_missing(message):
        return False
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
