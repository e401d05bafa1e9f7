"""Impersonation: the administrator's way back."""

from __future__ import annotations

from ..context import RETURN
from ..router import Request, Response, redirect
from .openapi import MEMBER, Resource, operation, ref


class ImpersonationApi(Resource):
    """Leads administrators back to their own sessions."""

    tag = "impersonation"

    @operation(
        f"GET {RETURN}",
        "Where a browser goes once an administrator's session as another user has ended. If the "
        "cookie of the way back is valid, which it is once, the browser has the administrator's "
        "own session again. It changes nothing before that.",
        security=[{}, *MEMBER],
        parameters=["callbackUrl"],
        answers={"302": ref("responses", "RedirectWithCookies")},
        errors="Refused CallbackFailed StoreUnavailable",
    )
    async def resume(self, request: Request) -> Response:
        """Return to the administrator's own session."""
        context = await self.contexts.load(request.scope)
        target = await self.engine.redirect(request.callback_url({}), context.base_url)
        response, names = redirect(target, 302), context.names
        if context.record is not None and context.record.actor is not None:
            return response
        key = context.actor_key if context.record is None else ""
        record = await self.engine.impersonations.resume(key) if key else None
        if record is not None:
            self.contexts.sign_in(response.headers, context, record)
        if context.actor_key:
            names.clear(response.headers, names.actor)
        return response
