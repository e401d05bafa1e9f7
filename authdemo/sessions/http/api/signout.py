"""Sign-out: own, RP-initiated and back-channel (OpenID Connect)."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlencode

from ...core.audit import AuditEvent
from ...core.errors import AuthError, NotFound, OAuthCallbackError, StoreUnavailable
from ...core.one_time import LogoutState, OneTimeStore
from ...core.rate_limit import AddressLimit
from ...core.record import SessionRecord
from ...engine import AuthCore
from ...providers.oidc import OpenIDConnect
from .. import requests, responses
from ..context import RequestContexts, device_of
from ..requests import Request
from ..responses import BodyRejected, Response


class BackChannel:
    """Ends sessions when their provider says so, in every tab and on every worker."""

    def __init__(self, auth: AuthCore) -> None:
        self._auth = auth
        rate = auth.settings.address_rate
        self._limit = AddressLimit(auth.sessions.store, rate, "logouts", clock=auth.now)

    async def hear(self, request: Request) -> Response:
        """`POST backchannel-logout/<provider>`: what the provider has signed is done.

        It comes from the provider's server, so there is no cookie and no CSRF token; the
        signature stands for both. Who sends what isn't from the provider soon has to wait.
        """
        provider = self._auth.admission.provider(request.name)
        if not isinstance(provider, OpenIDConnect):
            raise NotFound("This provider does not support back-channel logout.", reason="provider")
        token = (await requests.read(request)).get("logout_token")
        try:
            async with self._limit.attempt(device_of(request.scope).ip, is_failure=_is_false):
                logout = await provider.logout(token)
        except OAuthCallbackError as error:
            return self._refuse(request, provider, error)
        for record in await self._auth.sessions.list_by_provider_id(logout.handle(provider.id)):
            if logout.concerns(record, leeway=provider.leeway):
                await self._auth.sessions.end(record.id, "revoked", device=device_of(request.scope))
        return responses.private_json({})

    def _refuse(
        self, request: Request, provider: OpenIDConnect, error: OAuthCallbackError
    ) -> Response:
        entry = AuditEvent(
            kind="refused",
            reason=error.code,
            detail=error.reason,
            provider=provider.id,
            path=request.path,
        )
        self._auth.trail.add(entry, device=device_of(request.scope))
        more = {"error": "invalid_request", "error_description": error.message}
        return responses.json_error(BodyRejected(error.message, 400), more)


def _is_false(error: Exception) -> bool:
    """Tell whether a token is to blame, and not that the provider can't be asked about it."""
    return isinstance(error, OAuthCallbackError) and error.reason != "unreachable"


class SigningOut:
    """Leads visitors whose session is over to the provider that they signed in at."""

    def __init__(self, auth: AuthCore, contexts: RequestContexts, base: str) -> None:
        self._auth = auth
        self._contexts = contexts
        self._base = base
        self._states = OneTimeStore(LogoutState, auth.sessions.store, clock=auth.now)

    async def provider_logout_url(
        self, record: SessionRecord, base_url: str, callback_url: str
    ) -> str | None:
        """Find the way by the provider for somebody whose session has just ended."""
        provider, there = self._auth.providers.get(record.provider), record.provider_session
        if there is None or not isinstance(provider, OpenIDConnect) or not provider.end_session:
            return None
        state = LogoutState(
            provider=provider.id, callback_url=callback_url, id_token=there.id_token
        )
        with suppress(StoreUnavailable):  # the session is over; the rest isn't worth an error
            ticket = await self._states.put(state)
            return f"{self._address('signout', base_url, provider)}?{urlencode({'ticket': ticket})}"
        return None

    async def go(self, request: Request) -> Response:
        """`GET signout/<provider>`: on to the provider, or past it if something is in the way."""
        provider = self._auth.admission.provider(request.name)
        base_url = self._contexts.origins.base_url(request.scope)
        state = await self._consume(request, "ticket")
        if state is None or not isinstance(provider, OpenIDConnect):
            return responses.redirect(base_url, 302)
        try:
            back = await self._states.put(state.model_copy(update={"id_token": ""}))
            address = await provider.sign_out_address(
                state.id_token,
                state=back,
                redirect_uri=self._address("post-logout", base_url, provider),
            )
        except (OAuthCallbackError, StoreUnavailable) as error:
            self._note(request, provider, error)
            return responses.redirect(state.callback_url, 302)
        return responses.redirect(address, 302)

    async def oauth_callback(self, request: Request) -> Response:
        """`GET post-logout/<provider>`: back from the provider, and on to where they wanted."""
        self._auth.admission.provider(request.name)
        base_url = self._contexts.origins.base_url(request.scope)
        state = await self._consume(request, "state")
        return responses.redirect(state.callback_url if state else base_url, 302)

    async def _consume(self, request: Request, name: str) -> LogoutState | None:
        state = await self._states.consume(request.query.get(name, ""))
        return state if state is not None and state.provider == request.name else None

    def _address(self, action: str, base_url: str, provider: OpenIDConnect) -> str:
        return f"{base_url}{self._base}/{action}/{provider.id}"

    def _note(self, request: Request, provider: OpenIDConnect, error: AuthError) -> None:
        entry = AuditEvent(
            kind="sign-out-failed", reason=error.code, detail=error.reason, provider=provider.id
        )
        self._auth.trail.add(entry, device=device_of(request.scope))
