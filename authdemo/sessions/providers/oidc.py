"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from oauthlib.common import add_params_to_uri

from ..core.basics.clock import Clock
from ..core.errors import ConfigurationError, OAuthCallbackError
from ..core.one_time.departures import Departure
from ..core.record import ProviderSession
from . import asking
from .addresses import is_safe, origin_of
from .asking import fetch_object
from .discovery import Discovery, endpoint
from .federated import Federated, Place, Said, bearer
from .id_token import Verifier, proved_at
from .identity import Identity
from .logouts import Logout

LONGEST_HINT = 4096
"""How long an id token may be that is sent along in an address, in characters."""

_ADDRESS = ("email", "email_verified")


@dataclass(frozen=True, kw_only=True)
class OpenIDConnect(Federated):
    """Sign-in at an OpenID provider (Auth.js: an `oidc` provider).

    Attributes:
        issuer: The provider's name for itself, an https address.
        client_id: The app's id there.
        client_secret: The app's secret there; empty for a public client.
        id: The provider's id here.
        name: The provider's name for people.
        scope: What is asked for.
        user: Makes a user of a verified `Identity`, or answers None to refuse; it may be async.
        leeway: Seconds by which the provider's clock may differ.
        prompt: What the provider shall ask of the visitor, such as `select_account`.
        end_session: Whether who signs out here is led to the provider to sign out there, too. The
            provider has to know `/api/auth/post-logout/<id>` as an address to come back to.
        type: Always `oidc`.
    """

    issuer: str
    id: str = "oidc"
    name: str = "OpenID Connect"
    scope: str = "openid profile email"
    leeway: float = 30
    end_session: bool = False
    type: str = "oidc"
    _discovery: Discovery = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check what can be checked without asking the provider.

        Raises:
            ConfigurationError: If something can't be; says what to do.
        """
        super().__post_init__()
        if not is_safe(self.issuer):
            raise ConfigurationError(
                f"The issuer of {self.id!r} must be an https address without a query, "
                f"not {self.issuer!r}."
            )
        if "openid" not in self.scope.split():
            raise ConfigurationError(f"{self.id!r} needs openid in its scope.")
        object.__setattr__(self, "_discovery", Discovery(self.issuer))

    @property
    def origin(self) -> str:
        """The issuer's origin."""
        return origin_of(self.issuer)

    def use_clock(self, clock: Clock) -> None:
        """Go by the app's clock: it tells how old is what the provider said of itself.

        Args:
            clock: The clock.
        """
        self._discovery.clock = clock

    async def sign_out_address(self, id_token: str, *, state: str, redirect_uri: str) -> str:
        """Find where to send a visitor to sign out (OpenID Connect RP-Initiated Logout 1.0).

        Args:
            id_token: What the provider gave when they signed in; empty if it wasn't kept.
            state: What comes back with the visitor.
            redirect_uri: Where the visitor comes back to.

        Returns:
            The provider's address, with all that it has to know.

        Raises:
            OAuthCallbackError: If the provider can't be reached, or lets nobody sign out.
        """
        async with asking.client() as http:
            metadata = await self._discovery.metadata(http)
        asked = {
            "client_id": self.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": redirect_uri,
            "state": state,
        }
        given = [(name, value) for name, value in asked.items() if value]
        return str(add_params_to_uri(endpoint(metadata, "end_session_endpoint"), given))

    async def logout(self, token: object) -> Logout:
        """Find out who has signed out at the provider (OpenID Connect Back-Channel Logout 1.0).

        Args:
            token: What the provider sent.

        Returns:
            Who, and from which of its sessions.

        Raises:
            OAuthCallbackError: If it isn't from the provider, for this app, and a logout.
        """
        async with asking.client() as http:
            return await self._verifier().logout_token(http, token)

    async def _place(self, http: httpx.AsyncClient) -> Place:
        metadata = await self._discovery.metadata(http)
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        says_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        return Place(
            authorization=endpoint(metadata, "authorization_endpoint"),
            token=endpoint(metadata, "token_endpoint"),
            issuer=self.issuer,
            always_says_issuer=says_issuer,
            takes_basic="client_secret_basic" in ways,
        )

    def _also_asked(self, departure: Departure) -> Mapping[str, str]:
        return {"nonce": departure.nonce, "max_age": "0" if departure.since else ""}

    async def _recognise(
        self, http: httpx.AsyncClient, granted: Said, departure: Departure
    ) -> Identity:
        claims = await self._verifier().id_token(http, granted.get("id_token"), departure.nonce)
        proved = proved_at(claims, since=departure.since, leeway=self.leeway)
        session = self._session(claims, str(granted["id_token"]), proved)
        claims = await self._with_userinfo(http, claims, granted)
        return Identity(
            provider=self.id,
            issuer=self.issuer,
            subject=session.subject,
            claims=claims,
            session=session,
        )

    def _session(self, claims: Mapping[str, Any], token: str, proved: float) -> ProviderSession:
        is_wanted = self.end_session and len(token) <= LONGEST_HINT
        return ProviderSession(
            subject=str(claims["sub"]),
            sid=str(claims.get("sid", "")),
            id_token=token if is_wanted else "",
            proved=proved,
        )

    def _verifier(self) -> Verifier:
        return Verifier(
            issuer=self.issuer,
            client_id=self.client_id,
            leeway=self.leeway,
            discovery=self._discovery,
        )

    async def _with_userinfo(
        self, http: httpx.AsyncClient, claims: dict[str, Any], granted: Said
    ) -> dict[str, Any]:
        """Ask for what the id token leaves out; it must be about the same person."""
        metadata = await self._discovery.metadata(http)
        if "name" in claims or "userinfo_endpoint" not in metadata:
            return claims
        where = endpoint(metadata, "userinfo_endpoint")
        said = await fetch_object(http, where, headers=bearer(granted))
        if said.get("sub") != claims["sub"]:
            raise OAuthCallbackError("The provider speaks of somebody else.", reason="subject")
        return _joined(claims, said)


def _joined(claims: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Add what userinfo says; an address is verified by who names it, and by nobody else."""
    named = claims if "email" in claims else said
    own = {name: value for name, value in {**said, **claims}.items() if name not in _ADDRESS}
    return own | {name: named[name] for name in _ADDRESS if name in named}
