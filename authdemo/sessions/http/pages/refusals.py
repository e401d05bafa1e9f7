"""What a browser shows when there is no page for its visitor.

It needs no script, says it in the visitor's language, and leads back to the start.
"""

from __future__ import annotations

import html
from http import HTTPStatus

from starlette.types import Scope

from ...core.errors import AuthError, RequestRefused
from ...core.words import Words
from ..messages import answers
from ..messages.answers import Answer
from ..messages.language import language_of
from ..messages.scopes import wants_page
from ..messages.security_headers import STRICT, page_headers
from .templates import Wording

_NO_PAGES = ("/api/", "/assets/")
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


class Refusals:
    """Says to people in a page, and to programs in plain text, what went wrong."""

    def __init__(self, words: Words, links: str) -> None:
        """Know the texts and the look.

        Args:
            words: The app's texts.
            links: The `<link>` elements of the site's own look.
        """
        self._words = words
        self._links = links

    def page_or_text(self, scope: Scope, error: AuthError) -> Answer:
        """Answer a request with an error.

        Args:
            scope: The request.
            error: The error.

        Returns:
            A page that holds nothing but what went wrong, if a person looks at it.
        """
        is_for_people = wants_page(scope) and not scope["path"].startswith(_NO_PAGES)
        if not is_for_people or isinstance(error, RequestRefused):
            return answers.plain_refusal(error)
        language = language_of(scope, self._words)
        wording = Wording(language, self._words.texts(language))
        status = answers.status(error)
        title = wording.texts.get(f"refusal.{status}", HTTPStatus(status).phrase)
        document = _DOCUMENT.format(
            language=language,
            links=self._links,
            title=html.escape(title),
            message=html.escape(wording.explain(error)),
            home=html.escape(wording.say("refusal.home", {})),
        )
        safe = page_headers(STRICT.of(document))
        kind = {"content-type": "text/html; charset=utf-8"}
        headers = answers.raw({**answers.PERSONAL, **safe, **kind})
        return Answer(status, headers, document.encode()).plus(answers.later(error))
