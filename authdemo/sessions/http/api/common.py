"""What the resources of `/api/auth` share: CSRF checks, redirects and the callback URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from ...core.callbacks import safe_redirect_url
from ...core.errors import AuthError, MethodNotAllowed, NotFound, RequestRejected
from ...engine import AuthCore
from .. import cookies, responses
from ..context import RequestContext, RequestContexts, device_of
from ..headers import find_header
from ..requests import Request
from ..responses import BodyRejected, MessageRejected, Response

BASE = "/api/auth"


@dataclass(eq=False)
class Resource:
    """A group of operations; `operation` marks their handlers."""

    tag: ClassVar[str]

    auth: AuthCore
    contexts: RequestContexts

    async def load(self, request: Request) -> RequestContext:
        """Load the session of a request."""
        request.context = await self.contexts.load(request.scope)
        return request.context

    async def load_post(
        self, request: Request, *, for_redirect: bool = False
    ) -> tuple[RequestContext, dict[str, Any]]:
        """Check the origin and the CSRF token of a POST, and read its body."""
        self.contexts.origins.check(request.scope)
        body = await request.read()
        context = await self.load(request)
        try:
            self.contexts.csrf.check(context.csrf_cookies, context.sid, body.get("csrfToken"))
        except RequestRejected as error:
            if for_redirect:
                error.url = self.sign_in_url(context, error="MissingCSRF", code=error.reason)
            raise
        return context, body

    def sign_in_url(self, context: RequestContext, **query: str) -> str:
        """Link to the sign-in page; parameters without a value are left out."""
        known = {name: value for name, value in query.items() if value}
        return self.auth.sign_in_url(context.base_url, **known)

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

    def audit_rejection(self, request: Request, error: AuthError) -> None:
        """Record what was denied; a malformed request is not a denial."""
        if isinstance(error, MessageRejected | NotFound | MethodNotAllowed):
            return
        self.auth.trail.add_rejection(
            error,
            path=request.path,
            record=request.context.record if request.context else None,
            device=device_of(request.scope),
        )


def callback_url(request: Request, body: dict[str, Any]) -> str:
    """Read where the client wants to go: from the body as in Auth.js, else from the query."""
    wanted = body.get("callbackUrl")
    if not isinstance(wanted, str | None):
        raise BodyRejected("The field 'callbackUrl' must be text.", field="callbackUrl")
    return wanted or request.query.get("callbackUrl", "")


def follows_redirects(request: Request) -> bool:
    """Tell whether the sender is Auth.js's client, which takes redirects as JSON."""
    return find_header(request.scope, b"x-auth-return-redirect") is not None


def redirect(request: Request, url: str) -> Response:
    """Redirect, in the form that the sender can follow."""
    if follows_redirects(request):
        return responses.private_json({"url": url}).plus([responses.location_header(url)])
    return responses.redirect(url, 302)
