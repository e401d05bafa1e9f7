"""OpenID Connect: discovery, ID tokens and logout."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import jwt

from ..core.authentication import read_methods
from ..core.errors import ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from ..core.record import ProviderSession, SessionRecord, provider_id
from . import http_client
from .base import Identity, ProviderEndpoints, RedirectProvider, TokenResponse, bearer
from .http_client import CachedFetch, fetch, fetch_object, is_safe, origin_of, with_query

_DISCOVERY_PATH = "/.well-known/openid-configuration"

ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA"}
"""The algorithms of a token: never HMAC, never `none`."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"  # an id, never fetched
LOGOUT_TYPES = frozenset({"logout+jwt", "jwt"})  # the first is recommended, but not all follow
MAX_ID_TOKEN = 4096  # in the `id_token_hint` of a logout URL

_MAX_TIME = 100_000_000_000
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_REQUIRED_FOR_LOGOUT = ["iss", "aud", "iat", "exp", "jti", "events"]
_EMAIL = ("email", "email_verified")
_REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
}


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    url = metadata.get(name)
    if not isinstance(url, str) or not is_safe(url, query=True):
        raise OAuthCallbackError(f"The provider has no valid {name}.", reason="refused")
    return url


def _select_key(key_set: jwt.PyJWKSet, kid: str | None) -> jwt.PyJWK | None:
    keys = [key for key in key_set.keys if key.public_key_use in (None, "sig")]
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == kid), None)


def _check_algorithm(header: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    if algorithm not in ALGORITHMS or algorithm not in offered:
        raise OAuthCallbackError("The token's algorithm is not allowed.", reason="token")
    return str(algorithm)


def _check_auth_time(claims: Mapping[str, Any], minimum: float, leeway: float) -> float:
    """Read when the user authenticated (OpenID Connect Core section 2)."""
    auth_time = _parse_time(claims.get("auth_time")) or 0.0
    if auth_time + leeway < minimum:
        raise OAuthCallbackError("The provider didn't authenticate the user again.", reason="proof")
    return auth_time


def _parse_time(value: object) -> float | None:
    """Read a time (RFC 7519 section 2): a number, and not a text that looks like one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if 0 <= value < _MAX_TIME else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A verified logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""

    subject: str
    sid: str
    at: float

    def provider_id(self, provider: str) -> str:
        """Name the session or the user, as the store finds sessions."""
        kind, value = ("sid", self.sid) if self.sid else ("sub", self.subject)
        return provider_id(provider, kind, value)

    def matches(self, record: SessionRecord, *, leeway: float) -> bool:
        """Tell whether a session with that id ends; a replayed token ends no later session."""
        there = record.provider_session
        is_theirs = there is not None and self.subject in ("", there.subject)
        return is_theirs and record.created_at <= self.at + leeway


@dataclass(frozen=True, kw_only=True)
class OpenIDConnect(RedirectProvider):
    """Sign-in at an OpenID provider (Auth.js: an `oidc` provider).

    It has the attributes of `RedirectProvider`, too.

    Attributes:
        issuer: The provider's issuer, an https URL.
        leeway: Seconds by which the provider's clock may differ.
        rp_initiated_logout: Whether signing out redirects to the provider to sign out there, too.
            Register `/api/auth/post-logout/<id>` there as a post-logout redirect URI.
    """

    issuer: str
    id: str = "oidc"
    name: str = "OpenID Connect"
    scope: str = "openid profile email"
    leeway: float = 30
    rp_initiated_logout: bool = False
    type: str = "oidc"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_safe(self.issuer):
            raise ConfigurationError(
                f"The issuer of {self.id!r} must be an https address without a query, "
                f"not {self.issuer!r}."
            )
        if "openid" not in self.scope.split():
            raise ConfigurationError(f"{self.id!r} needs openid in its scope.")

    @property
    def origin(self) -> str:
        """The issuer's origin."""
        return origin_of(self.issuer)

    @cached_property
    def _metadata(self) -> CachedFetch[Mapping[str, Any]]:
        return CachedFetch(self._fetch_metadata)

    @cached_property
    def _keys(self) -> CachedFetch[jwt.PyJWKSet]:
        return CachedFetch(self._fetch_keys)

    async def logout_url(self, id_token: str, *, state: str, redirect_uri: str) -> str:
        """Create the URL to sign out at the provider (RP-Initiated Logout 1.0)."""
        async with http_client.client() as http:
            metadata = await self._metadata.get(http)
        parameters = {
            "client_id": self.client_id,
            "id_token_hint": id_token,
            "post_logout_redirect_uri": redirect_uri,
            "state": state,
        }
        return with_query(_endpoint(metadata, "end_session_endpoint"), parameters)

    async def verify_logout(self, token: object) -> Logout:
        """Verify a logout token (Back-Channel Logout 1.0 section 2.6)."""
        async with http_client.client() as http:
            claims = await self._decode(http, str(token), _REQUIRED_FOR_LOGOUT)
        events, subject, sid = claims["events"], claims.get("sub", ""), claims.get("sid", "")
        kind = str(jwt.get_unverified_header(str(token)).get("typ", "JWT")).lower()
        at = _parse_time(claims["iat"])
        is_logout = (
            isinstance(events, dict)
            and isinstance(events.get(LOGOUT_EVENT), dict)
            and kind in LOGOUT_TYPES
            and "nonce" not in claims
        )
        has_subject = isinstance(subject, str) and isinstance(sid, str) and (subject or sid)
        if not is_logout or not has_subject or at is None:
            raise OAuthCallbackError("The token is not a logout token.", reason="token")
        return Logout(subject=subject, sid=sid, at=at)

    async def refresh(self, refresh_token: str, *, subject: str) -> TokenResponse:
        """Exchange a refresh token, and check an ID token that comes along (Core section 12.2).

        TLS vouches for the ID token (section 3.1.3.7): fetching the keys of its signature could
        fail, and the new refresh token would be lost.
        """
        tokens = await super().refresh(refresh_token, subject=subject)
        if "id_token" in tokens:
            try:
                claims = jwt.decode(str(tokens["id_token"]), options={"verify_signature": False})
            except jwt.PyJWTError as error:
                raise OAuthCallbackError("The token is invalid.", reason="token") from error
            if (claims.get("iss"), claims.get("sub")) != (self.issuer, subject):
                raise OAuthCallbackError("The tokens are another user's.", reason="subject")
        return tokens

    async def _fetch_metadata(self, http: httpx.AsyncClient) -> Mapping[str, Any]:
        metadata = await fetch_object(http, self.issuer.rstrip("/") + _DISCOVERY_PATH)
        if metadata.get("issuer") != self.issuer:
            raise OAuthCallbackError("The metadata is another issuer's.", reason="issuer")
        return metadata

    async def _fetch_keys(self, http: httpx.AsyncClient) -> jwt.PyJWKSet:
        keys = await fetch(http, _endpoint(await self._metadata.get(http), "jwks_uri"))
        try:
            return jwt.PyJWKSet.from_dict(keys if isinstance(keys, dict) else {})
        except jwt.PyJWTError as error:
            raise OAuthCallbackError("The provider's keys are invalid.", reason="token") from error

    async def _find_key(self, http: httpx.AsyncClient, kid: str | None) -> jwt.PyJWK:
        """Find a key; fetch the keys again if it is unknown."""
        key = _select_key(await self._keys.get(http), kid)
        key = key or _select_key(await self._keys.get(http, force=True), kid)
        if key is None:
            raise OAuthCallbackError("The provider doesn't have this key.", reason="token")
        return key

    async def _endpoints(self, http: httpx.AsyncClient) -> ProviderEndpoints:
        metadata = await self._metadata.get(http)
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        sends_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        return ProviderEndpoints(
            authorization=_endpoint(metadata, "authorization_endpoint"),
            token=_endpoint(metadata, "token_endpoint"),
            issuer=self.issuer,
            always_sends_issuer=sends_issuer,
            takes_basic="client_secret_basic" in methods,
        )

    def _extra_parameters(self, state: OAuthState) -> Mapping[str, str]:
        return {"nonce": state.nonce, "max_age": "0" if state.min_auth_time else ""}

    async def _fetch_identity(
        self, http: httpx.AsyncClient, tokens: TokenResponse, state: OAuthState
    ) -> Identity:
        token = tokens.get("id_token")
        claims = await self._verify_id_token(http, token, state.nonce)
        keeps_token = self.rp_initiated_logout and len(str(token)) <= MAX_ID_TOKEN
        session = ProviderSession(
            subject=str(claims["sub"]),
            sid=str(claims.get("sid", "")),
            id_token=str(token) if keeps_token else "",
            auth_time=_check_auth_time(claims, state.min_auth_time, self.leeway),
        )
        return Identity(
            provider=self.id,
            issuer=self.issuer,
            subject=session.subject,
            claims=await self._with_userinfo(http, claims, tokens),
            session=session,
            amr=read_methods(claims.get("amr")),
        )

    async def _verify_id_token(
        self, http: httpx.AsyncClient, token: object, nonce: str
    ) -> dict[str, Any]:
        """Verify an ID token (OpenID Connect Core section 3.1.3.7)."""
        claims = await self._decode(http, str(token), _REQUIRED)
        has_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if has_several else self.client_id) != self.client_id:
            raise OAuthCallbackError("The token was issued for another app.", reason="audience")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuthCallbackError("The token was issued for another sign-in.", reason="nonce")
        return claims

    async def _decode(
        self, http: httpx.AsyncClient, token: str, required: list[str]
    ) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = _check_algorithm(header, await self._metadata.get(http))
            key = await self._find_key(http, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": required},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            reasons = [_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS]
            reason = reasons[0] if reasons else "token"
            raise OAuthCallbackError("The token is invalid.", reason=reason) from error
        return claims

    async def _with_userinfo(
        self, http: httpx.AsyncClient, claims: dict[str, Any], tokens: TokenResponse
    ) -> dict[str, Any]:
        """Add what the ID token leaves out; it must be about the same user."""
        metadata = await self._metadata.get(http)
        if "name" in claims or "userinfo_endpoint" not in metadata:
            return claims
        url = _endpoint(metadata, "userinfo_endpoint")
        found = await fetch_object(http, url, headers=bearer(tokens))
        if found.get("sub") != claims["sub"]:
            raise OAuthCallbackError("The userinfo is another user's.", reason="subject")
        source = claims if "email" in claims else found  # an e-mail and whether it is verified
        merged = {k: v for k, v in {**found, **claims}.items() if k not in _EMAIL}
        return merged | {name: source[name] for name in _EMAIL if name in source}
