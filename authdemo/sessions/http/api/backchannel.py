"""Sign-out by a provider (OpenID Connect Back-Channel Logout 1.0): it tells us, and we follow."""

from __future__ import annotations

from ...core.audit import AuditEvent
from ...core.errors import NotFound, OAuthCallbackError
from ...core.limits.failures import AddressLimit
from ...providers.oidc import OpenIDConnect
from ...setup.auth import AuthCore
from .. import bodies
from ..messages import answers
from ..messages.answers import Answer
from ..messages.errors import BodyRefused
from ..requests import Request
from ..visitors import device_of


class BackChannel:
    """Ends sessions when their provider says so, in every tab and on every worker."""

    def __init__(self, auth: AuthCore) -> None:
        """Listen to the app's providers.

        Args:
            auth: The app's sessions.
        """
        self._auth = auth
        rate = auth.settings.address_rate
        self._limit = AddressLimit(auth.sessions.store, rate, "logouts", clock=auth.now)

    async def hear(self, request: Request) -> Answer:
        """`POST backchannel-logout/<provider>`: what the provider has signed is done.

        It comes from the provider's server, so there is no cookie and no CSRF token; the
        signature stands for both. Who sends what isn't from the provider soon has to wait.
        """
        provider = self._auth.admission.provider(request.name)
        if not isinstance(provider, OpenIDConnect):
            raise NotFound("This provider has nothing to say here.", reason="provider")
        token = (await bodies.read(request)).get("logout_token")
        try:
            async with self._limit.attempt(device_of(request.scope).ip, is_failure=_is_false):
                logout = await provider.logout(token)
        except OAuthCallbackError as error:
            return self._refuse(request, provider, error)
        for record in await self._auth.sessions.named(logout.handle(provider.id)):
            if logout.concerns(record, leeway=provider.leeway):
                await self._auth.sessions.revoke(record.id, device=device_of(request.scope))
        return answers.personal({})

    def _refuse(
        self, request: Request, provider: OpenIDConnect, error: OAuthCallbackError
    ) -> Answer:
        entry = AuditEvent(
            kind="refused",
            reason=error.code,
            detail=error.reason,
            provider=provider.id,
            path=request.path,
        )
        self._auth.trail.add(entry, device=device_of(request.scope))
        more = {"error": "invalid_request", "error_description": error.message}
        return answers.refusal(BodyRefused(error.message, 400), more)


def _is_false(error: Exception) -> bool:
    """Tell whether a token is to blame, and not that the provider can't be asked about it."""
    return isinstance(error, OAuthCallbackError) and error.reason != "unreachable"
