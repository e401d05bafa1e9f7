"""Sign-in at a provider that speaks OAuth 2 and no OpenID Connect: it has no id token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import httpx

from ..core.arguments import check_function
from ..core.callbacks import call, typed
from ..core.errors import ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from .base import Identity, ProviderEndpoints, RedirectProvider, TokenResponse, bearer
from .http_client import fetch, fetch_object, is_safe, origin_of


class OAuthClient:
    """What a visitor has granted the app at a provider."""

    def __init__(self, http: httpx.AsyncClient, said: TokenResponse, asked: str) -> None:
        self._http = http
        self._header = bearer(said)
        granted = str(said.get("scope", asked))
        self.scope = frozenset(granted.replace(",", " ").split())  # GitHub writes commas

    async def ask(self, url: str) -> Any:
        """Ask the provider for more, in the visitor's name."""
        return await fetch(self._http, url, headers=self._header)


Claims: TypeAlias = Mapping[str, Any]
ReadClaims: TypeAlias = Callable[[Claims, OAuthClient], Claims | Awaitable[Claims]]


@dataclass(frozen=True, kw_only=True)
class OAuth2(RedirectProvider):
    """Sign-in at a provider by plain OAuth 2 (Auth.js: an `oauth` provider).

    Attributes:
        issuer: Who vouches: the provider's name for itself, an https address. If an answer says
            where it comes from, it has to be from there (RFC 9207).
        authorization_endpoint: Where the visitor is sent.
        token_endpoint: Where a code is exchanged.
        userinfo_endpoint: Where the provider says who somebody is.
        claims: Makes claims, as OpenID Connect names them, of what the provider says there: `sub`,
            and what there is of `name`, `email`, `email_verified` and `picture`. Gets that and a
            `OAuthClient`, to ask for more; it may be async.
        client_id: The app's id there.
        client_secret: The app's secret there; empty for a public client.
        id: The provider's id here.
        name: The provider's name for people.
        scope: What is asked for.
        user: Makes a user of a verified `Identity`, or answers None to refuse; it may be async.
        secret_in_form: Whether the secret goes into the form, not into `Authorization: Basic`.
        prompt: What the provider shall ask of the visitor, such as `select_account`.
        type: Always `oauth`.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    claims: ReadClaims
    secret_in_form: bool = False
    type: str = "oauth"

    def __post_init__(self) -> None:
        """Check what can be checked without asking the provider."""
        super().__post_init__()
        check_function("OAuth2(claims=...)", self.claims, "said", "grant")
        names = ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint")
        for name in names:
            address = getattr(self, name)
            if not is_safe(address, query=name != "issuer"):
                raise ConfigurationError(
                    f"The {name} of {self.id!r} must be an https address, not {address!r}."
                )

    @property
    def origin(self) -> str:
        """The origin of the authorization endpoint."""
        return origin_of(self.authorization_endpoint)

    async def _place(self, _: httpx.AsyncClient) -> ProviderEndpoints:
        return ProviderEndpoints(
            authorization=self.authorization_endpoint,
            token=self.token_endpoint,
            issuer=self.issuer,
            takes_basic=not self.secret_in_form,
        )

    async def _recognise(
        self, http: httpx.AsyncClient, granted: TokenResponse, _: OAuthState
    ) -> Identity:
        said = await fetch_object(http, self.userinfo_endpoint, headers=bearer(granted))
        rights = OAuthClient(http, granted, self.scope)
        answer = await call("claims", partial(self.claims, said, rights))
        claims: Claims = typed("claims", answer, Mapping)  # type: ignore[type-abstract]
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise OAuthCallbackError("The provider doesn't say who it is.", reason="subject")
        return Identity(provider=self.id, issuer=self.issuer, subject=subject, claims=claims)
