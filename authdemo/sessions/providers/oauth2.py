"""Sign-in at a provider that speaks OAuth 2, but not OpenID Connect: there is no ID token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import httpx

from ..core.arguments import check_function
from ..core.callbacks import call, check_type
from ..core.errors import ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from .base import Identity, ProviderEndpoints, RedirectProvider, TokenResponse, bearer
from .http_client import fetch, fetch_object, is_safe, origin_of


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What the user has granted the app, and requests with it."""

    scope: frozenset[str]
    _http: httpx.AsyncClient = field(repr=False)
    _header: Mapping[str, str] = field(repr=False)

    async def get_json(self, url: str) -> Any:
        """Fetch JSON from the provider, authorized by the user."""
        return await fetch(self._http, url, headers=self._header)


Claims: TypeAlias = Mapping[str, Any]
ReadClaims: TypeAlias = Callable[[Claims, OAuthClient], Claims | Awaitable[Claims]]


@dataclass(frozen=True, kw_only=True)
class OAuth2(RedirectProvider):
    """Sign-in at a provider by plain OAuth 2 (Auth.js: an `oauth` provider).

    It has the attributes of `RedirectProvider`, too.

    Attributes:
        issuer: The provider's identifier, an https URL. A response that names an issuer has to
            name this one (RFC 9207).
        authorization_endpoint: Where users sign in.
        token_endpoint: Where a code is exchanged.
        userinfo_endpoint: Where the provider describes the user.
        claims: Turns that description into OpenID Connect's claims: `sub`, and if known `name`,
            `email`, `email_verified` and `picture`. Takes it and an `OAuthClient` for further
            requests; it may be async.
        secret_in_form: Whether the secret is sent in the form, not in `Authorization: Basic`.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    claims: ReadClaims
    secret_in_form: bool = False
    type: str = "oauth"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_function("OAuth2(claims=...)", self.claims, "profile", "granted")
        for name in ("issuer", "authorization_endpoint", "token_endpoint", "userinfo_endpoint"):
            url = getattr(self, name)
            if not is_safe(url, query=name != "issuer"):
                raise ConfigurationError(
                    f"The {name} of {self.id!r} must be an https address, not {url!r}."
                )

    @property
    def origin(self) -> str:
        """The origin of the authorization endpoint."""
        return origin_of(self.authorization_endpoint)

    async def _endpoints(self, _: httpx.AsyncClient) -> ProviderEndpoints:
        return ProviderEndpoints(
            authorization=self.authorization_endpoint,
            token=self.token_endpoint,
            issuer=self.issuer,
            takes_basic=not self.secret_in_form,
        )

    async def _fetch_identity(
        self, http: httpx.AsyncClient, tokens: TokenResponse, _: OAuthState
    ) -> Identity:
        profile = await fetch_object(http, self.userinfo_endpoint, headers=bearer(tokens))
        scopes = str(tokens.get("scope", self.scope)).replace(",", " ")  # GitHub sends commas
        granted = OAuthClient(frozenset(scopes.split()), http, bearer(tokens))
        answer = await call("claims", partial(self.claims, profile, granted))
        claims: Claims = check_type("claims", answer, Mapping)  # type: ignore[type-abstract]
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise OAuthCallbackError("The provider doesn't name the user.", reason="subject")
        return Identity(provider=self.id, issuer=self.issuer, subject=subject, claims=claims)
