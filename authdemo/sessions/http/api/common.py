"""What the resources of `/api/auth` share: redirects and the callback URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from ...core.callbacks import safe_redirect_url
from ...engine import AuthCore
from .. import cookies
from ..context import RequestContext, RequestContexts
from ..router import (
    BodyRejected,
    Request,
    Response,
    find_header,
    location_header,
    private_json,
    redirect,
)

BASE = "/api/auth"


@dataclass(eq=False)
class Resource:
    """A group of operations; `operation` marks their handlers."""

    tag: ClassVar[str]

    auth: AuthCore
    contexts: RequestContexts

    def set_callback_cookie(self, response: Response, context: RequestContext, url: str) -> None:
        """Remember a callback URL, as Auth.js does, for a sign-in that names none.

        A URL that no browser would keep is not remembered, nor is an earlier one.
        """
        names, value = context.names, quote(url, safe="")
        if len(value) <= cookies.MAX_VALUE:
            cookies.put(response.headers, names.callback_url, value, secure=names.secure)
        elif self.callback_cookie(context) is not None:
            cookies.clear(response.headers, names.callback_url, secure=names.secure)

    def callback_cookie(self, context: RequestContext) -> str | None:
        """Read the remembered callback URL, if it is one of the app's own."""
        urls = map(unquote, context.cookies.get(context.names.callback_url, []))
        return next((url for url in urls if safe_redirect_url(url, context.base_url)), None)


def callback_url(request: Request, body: dict[str, Any]) -> str:
    """Read where the client wants to go: from the body as in Auth.js, else from the query."""
    wanted = body.get("callbackUrl")
    if not isinstance(wanted, str | None):
        raise BodyRejected("The field 'callbackUrl' must be text.", field="callbackUrl")
    return wanted or request.query.get("callbackUrl", "")


def follows_redirects(request: Request) -> bool:
    """Tell whether the sender is Auth.js's client, which takes redirects as JSON."""
    return find_header(request.scope, b"x-auth-return-redirect") is not None


def redirect_client(request: Request, url: str) -> Response:
    """Redirect, in the form that the sender can follow."""
    if follows_redirects(request):
        return private_json({"url": url}).plus([location_header(url)])
    return redirect(url, 302)
