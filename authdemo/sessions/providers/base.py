"""The authorization code flow with PKCE, which OAuth 2.0 and OpenID Connect share."""

from __future__ import annotations

import hashlib
import secrets
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx

from ..core.arguments import check_function
from ..core.errors import AccessDenied, ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from ..core.record import ProviderSession
from ..core.schema import User
from ..core.tokens import base64url_encode
from . import http_client
from .http_client import with_query

_VERIFIER_BYTES = 48

TokenResponse: TypeAlias = Mapping[str, Any]
"""What a token endpoint answers (RFC 6749 section 5.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user of a provider, verified.

    Attributes:
        provider: The provider's id.
        issuer: The provider's issuer.
        subject: The user's id there. Issuer and subject together identify a user.
        claims: What else the provider says about the user.
        linked_user: The user who was signed in when the sign-in began, or None; not one that
            an administrator acts as. To link accounts, remember issuer and subject for this user;
            an e-mail address proves nothing.
        session: The session at the provider, for the server only.
        amr: How the user authenticated there, if its ID token says so (RFC 8176).
        tokens: What the provider issued, with `store_tokens`; `user` doesn't get it.
    """

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    linked_user: User | None = None
    session: ProviderSession | None = field(default=None, repr=False)
    tokens: TokenResponse | None = field(default=None, repr=False)
    amr: tuple[str, ...] = ()


def default_user(identity: Identity) -> User:
    """Create a user from an identity, for apps that keep none."""
    claims = identity.claims
    email = claims.get("email") if claims.get("email_verified") is True else None
    return User(
        id=f"{identity.issuer}#{identity.subject}",  # an issuer has no fragment
        name=_text(claims.get("name") or claims.get("preferred_username")),
        email=_text(email),
        image=_text(claims.get("picture")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


UserFactory: TypeAlias = Callable[[Identity], User | None | Awaitable[User | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEndpoints:
    """A provider's endpoints and what they support (RFC 8414 section 2, RFC 9207)."""

    authorization: str
    token: str
    issuer: str
    always_sends_issuer: bool = False
    takes_basic: bool = True


@dataclass(frozen=True, kw_only=True)
class RedirectProvider(ABC):
    """Sign-in at a provider by authorization code and PKCE (RFC 6749 section 4.1, RFC 7636).

    Attributes:
        client_id: The app's id at the provider.
        client_secret: The app's secret at the provider; empty for a public client.
        id: The provider's id in the app.
        name: The provider's name for people.
        scope: The scopes that are requested.
        user: Turns a verified `Identity` into a user, or returns None to deny; it may be async.
        prompt: What the provider prompts for, such as `select_account`.
        authorization_params: Further parameters of the authorization request, such as
            `{"access_type": "offline"}`; the package's own take precedence.
        store_tokens: Whether the access and the refresh token are kept with the session,
            encrypted, for `auth.provider_token`.
        type: `oidc` or `oauth`, as in Auth.js.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    id: str
    name: str
    scope: str = ""
    user: UserFactory = default_user
    prompt: str = ""
    authorization_params: Mapping[str, str] = field(default_factory=dict)
    store_tokens: bool = False
    type: str

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ConfigurationError(f"{self.id!r} needs a client_id.")
        check_function(f"{type(self).__name__}(user=...)", self.user, "identity")

    @property
    @abstractmethod
    def origin(self) -> str:
        """The origin of the sign-in page; empty if a Content-Security-Policy can't name it."""

    def new_verifier(self) -> str:
        """Create a code verifier (RFC 7636 section 4.1)."""
        return secrets.token_urlsafe(_VERIFIER_BYTES)

    async def discover(self) -> ProviderEndpoints:
        """Find the provider's endpoints."""
        async with http_client.client() as http:
            return await self._endpoints(http)

    async def authorization_url(self, state: OAuthState, *, key: str, redirect_uri: str) -> str:
        """Create the URL to sign in at the provider; `key` is its `state` parameter."""
        endpoints = await self.discover()
        digest = hashlib.sha256(state.verifier.encode()).digest()
        parameters = {
            **self.authorization_params,
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.scope,
            "state": key,
            "code_challenge": base64url_encode(digest),
            "code_challenge_method": "S256",
            "prompt": "login" if state.min_auth_time else self.prompt,
            **self._extra_parameters(state),
        }
        return with_query(endpoints.authorization, parameters)

    async def identify(
        self, state: OAuthState, query: Mapping[str, str], *, redirect_uri: str
    ) -> Identity:
        """Verify who comes back from the provider with this query."""
        async with http_client.client() as http:
            endpoints = await self._endpoints(http)
            _check_response(query, endpoints)
            form = {
                "grant_type": "authorization_code",
                "code": query["code"],
                "redirect_uri": redirect_uri,
                "code_verifier": state.verifier,
            }
            tokens = await self._request_tokens(http, endpoints, form)
            identity = await self._fetch_identity(http, tokens, state)
        return replace(identity, tokens=tokens) if self.store_tokens else identity

    async def refresh(
        self,
        refresh_token: str,
        *,
        subject: str,  # noqa: ARG002 - OpenID Connect checks it
    ) -> TokenResponse:
        """Exchange a refresh token for new tokens of the same user (RFC 6749 section 6)."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        async with http_client.client() as http:
            endpoints = await self._endpoints(http)
            return await self._request_tokens(http, endpoints, form)

    @abstractmethod
    async def _endpoints(self, http: httpx.AsyncClient) -> ProviderEndpoints: ...

    @abstractmethod
    async def _fetch_identity(
        self, http: httpx.AsyncClient, tokens: TokenResponse, state: OAuthState
    ) -> Identity: ...

    def _extra_parameters(self, _: OAuthState) -> Mapping[str, str]:
        return {}

    async def _request_tokens(
        self, http: httpx.AsyncClient, endpoints: ProviderEndpoints, form: dict[str, str]
    ) -> TokenResponse:
        """Exchange a code or a refresh token; GitHub reports errors with status 200."""
        auth = None
        if self.client_secret and endpoints.takes_basic:  # RFC 6749 section 2.3.1
            names = (quote(each, safe="") for each in (self.client_id, self.client_secret))
            auth = httpx.BasicAuth(*names)
        else:
            form["client_id"] = self.client_id
            if self.client_secret:
                form["client_secret"] = self.client_secret
        tokens = await http_client.fetch_object(
            http, endpoints.token, method="POST", data=form, auth=auth
        )
        if "error" in tokens or not isinstance(tokens.get("access_token"), str):
            raise http_client.rejection(tokens)
        return tokens


def bearer(tokens: TokenResponse) -> dict[str, str]:
    """Create the header that authorizes requests for the user (RFC 6750)."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def _check_response(query: Mapping[str, str], endpoints: ProviderEndpoints) -> None:
    """Check an authorization response before using it; `iss` prevents mix-up (RFC 9207)."""
    issuer = query.get("iss", None if endpoints.always_sends_issuer else endpoints.issuer)
    if issuer != endpoints.issuer:
        raise OAuthCallbackError("The response comes from another provider.", reason="issuer")
    if query.get("error") == "access_denied":
        raise AccessDenied("The sign-in was cancelled.", reason="cancelled")
    if not query.get("code"):
        raise OAuthCallbackError("The provider could not sign you in.", reason="refused")
