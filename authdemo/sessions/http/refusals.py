"""What a browser shows when there is no page for its visitor.

It needs no script, says it in the visitor's language, and leads back to the start.
"""

from __future__ import annotations

import html
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.errors import AuthError, NotFound
from . import answers
from .answers import Answer
from .headers import content_security_policy, security_headers
from .scopes import header
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


def wants_page(scope: Scope) -> bool:
    """Tell whether a person looks at the answer: browsers ask for HTML by name."""
    return "text/html" in header(scope, b"accept")


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
    safe = security_headers(content_security_policy(document), secure=secure)
    headers = answers.raw({**answers.PERSONAL, **safe, "content-type": "text/html; charset=utf-8"})
    return Answer(status, headers, document.encode()).plus(answers.later(error))


def nothing() -> Answer:
    """Answer a program, for which there is nothing at an address either."""
    return answers.plain_refusal(NotFound())


class WithoutShell:
    """Says in plain words what an app says with the shell of its pages: that there is nothing."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand in front of an app.

        Args:
            app: The app, which answers what it doesn't know with the HTML of its build.
        """
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, unless that is a page to say 404."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_shell = False

        async def pass_on(message: Message) -> None:
            nonlocal is_shell
            is_shell = is_shell or _is_missing_page(message)
            if not is_shell:
                await send(message)

        await self._app(scope, receive, pass_on)
        if is_shell:
            await nothing()(scope, receive, send)


class InsteadOfMissing:
    """Shows a page of ours where an app says that there is nothing."""

    def __init__(self, app: ASGIApp, page: Answer) -> None:
        """Stand in front of an app.

        Args:
            app: The app.
            page: The page.
        """
        self._app = app
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, unless that is 404."""
        is_missing = False

        async def pass_on(message: Message) -> None:
            nonlocal is_missing
            is_missing = is_missing or message.get("status") == HTTPStatus.NOT_FOUND
            if not is_missing:
                await send(message)

        await self._app(scope, receive, pass_on)
        if is_missing:
            await self._page(scope, receive, send)


def _is_missing_page(message: Message) -> bool:
    if message.get("status") != HTTPStatus.NOT_FOUND:
        return False
    return Headers(raw=message["headers"]).get("content-type", "").startswith("text/html")
