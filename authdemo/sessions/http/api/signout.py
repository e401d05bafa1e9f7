"""Sign-out: here, at the provider (RP-initiated), and by the provider (back-channel)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from ...core.errors import AuthError, NotFound, OAuthCallbackError, StoreUnavailable
from ...core.one_time import LogoutState
from ...core.record import SessionRecord
from ...providers.oidc import OpenIDConnect
from ..context import RequestContext, device_of
from ..router import BASE, BodyRejected, Request, Response, json_error, private_json, redirect
from .openapi import ANYONE_POST, MEMBER_POST, Resource, operation, redirects, ref


@dataclass(eq=False)
class SignOutApi(Resource):
    """Signs users out."""

    tag = "sign out"

    def __post_init__(self) -> None:
        self._limit = self.engine.address_limit("logouts")
        self._states = self.engine.one_time(LogoutState)

    @operation(
        "GET /signout",
        "It changes nothing: signing out takes a POST.",
        parameters=["returnRedirect"],
        answers=redirects(),
        errors="Refused",
    )
    async def show_home(self, request: Request) -> Response:
        """Go home."""
        return request.redirect(self.contexts.origins.base_url(request.scope))

    @operation(
        "POST /signout",
        "Auth.js: `signOut()`. The session ends, wherever its cookie was copied to, and every open "
        "tab of it follows. It works without a session too.",
        security=[*MEMBER_POST, *ANYONE_POST],
        parameters=["returnRedirect", "callbackUrl"],
        body="SignOut",
        answers=redirects(cookies=True),
        errors="Refused CallbackFailed",
    )
    async def sign_out(self, request: Request) -> Response:
        """Sign out."""
        context, body = await self.contexts.load_post(request, for_redirect=True)
        wanted, record = request.callback_url(body), context.record
        if record is not None:
            await self.engine.sessions.end(record.id, "signed-out", device=context.device)
        target, url = await self.next_urls(context, record, wanted)
        response = request.redirect(url)
        self.contexts.set_callback_cookie(response.headers, context, target)
        self.contexts.clear_session(response.headers, context)
        return response

    async def next_urls(
        self, context: RequestContext, record: SessionRecord | None, wanted: str
    ) -> tuple[str, str]:
        """Find where a browser wants to go after a sign-out, and where it goes for that."""
        try:
            target = await self.engine.redirect(wanted, context.home)
        except AuthError:  # the session has ended: the app's callback can't undo that
            target = context.home
        url = await self.provider_logout_url(record, context.base_url, target) if record else None
        return target, url or target

    async def provider_logout_url(
        self, record: SessionRecord, base_url: str, target: str
    ) -> str | None:
        """Find where an ended session signs out at its provider, if it has to."""
        provider, there = self.engine.providers.get(record.provider), record.provider_session
        if (
            there is None
            or not isinstance(provider, OpenIDConnect)
            or not provider.rp_initiated_logout
        ):
            return None
        state = LogoutState(provider=provider.id, callback_url=target, id_token=there.id_token)
        with suppress(StoreUnavailable):  # the session has ended; the rest isn't worth an error
            ticket = urlencode({"ticket": await self._states.put(state)})
            return f"{base_url}{BASE}/signout/{provider.id}?{ticket}"
        return None

    @operation(
        "GET /signout/{provider}",
        "`POST signout` redirects here if the session came from a provider with "
        "`rp_initiated_logout`. The session has ended already. An unknown or used ticket redirects "
        "home.",
        parameters=["ticket"],
        answers={"302": ref("responses", "Redirect")},
        errors="Refused StoreUnavailable",
    )
    async def rp_logout(self, request: Request) -> Response:
        """Go to the provider to sign out there."""
        provider = self.engine.logins.provider(request.provider_id)
        base_url = self.contexts.origins.base_url(request.scope)
        state = await self._consume(request, "ticket")
        if state is None or not isinstance(provider, OpenIDConnect):
            return redirect(base_url, 302)
        try:
            back = await self._states.put(state.model_copy(update={"id_token": ""}))
            url = await provider.logout_url(
                state.id_token,
                state=back,
                redirect_uri=f"{base_url}{BASE}/post-logout/{provider.id}",
            )
        except (OAuthCallbackError, StoreUnavailable) as error:
            self.engine.trail.add_failure(
                "sign-out-failed", error, device=device_of(request.scope), provider=provider.id
            )
            url = state.callback_url
        return redirect(url, 302)

    @operation(
        "GET /post-logout/{provider}",
        "The `post_logout_redirect_uri` of OpenID Connect RP-Initiated Logout 1.0, which has to be "
        "registered at the provider. It redirects to the callback URL, or home.",
        parameters=["state"],
        answers={"302": ref("responses", "Redirect")},
        errors="Refused StoreUnavailable",
    )
    async def post_logout(self, request: Request) -> Response:
        """Come back from signing out at a provider."""
        self.engine.logins.provider(request.provider_id)
        base_url = self.contexts.origins.base_url(request.scope)
        state = await self._consume(request, "state")
        return redirect(state.callback_url if state else base_url, 302)

    @operation(
        "POST /backchannel-logout/{provider}",
        "OpenID Connect Back-Channel Logout 1.0: the provider's server sends a signed logout "
        "token, and its sessions end at once, in every tab. There is no cookie and no CSRF token; "
        "the signature replaces both.",
        form="LogoutToken",
        answers={"200": ref("responses", "Ended")},
        errors="TooManyAttempts",
    )
    async def backchannel_logout(self, request: Request) -> Response:
        """Receive a logout token from a provider."""
        provider = self.engine.logins.provider(request.provider_id)
        if not isinstance(provider, OpenIDConnect):
            raise NotFound("This provider does not support back-channel logout.", reason="provider")
        token, device = (await request.read()).get("logout_token"), device_of(request.scope)
        try:
            async with self._limit.attempt_from(device.ip, is_failure=_is_invalid):
                logout = await provider.verify_logout(token)
        except OAuthCallbackError as error:
            names = {"provider": provider.id, "path": request.scope["path"]}
            self.engine.trail.add_failure("refused", error, device=device, **names)
            details = {"error": "invalid_request", "error_description": error.message}
            return json_error(BodyRejected(error.message, 400), details)
        for record in await self.engine.sessions.list_by_provider_id(
            logout.provider_id(provider.id)
        ):
            if logout.matches(record, leeway=provider.leeway):
                await self.engine.sessions.end(record.id, "revoked", device=device)
        return private_json({})

    async def _consume(self, request: Request, name: str) -> LogoutState | None:
        state = await self._states.consume(request.query.get(name, ""))
        return state if state is not None and state.provider == request.provider_id else None


def _is_invalid(error: Exception) -> bool:
    """Tell whether the token is invalid, and not the provider unreachable."""
    return isinstance(error, OAuthCallbackError) and error.reason != "unreachable"
