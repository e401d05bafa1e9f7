"""OpenID Connect: discovery, ID tokens and logout."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from oauthlib.common import add_params_to_uri

from ..core.errors import ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from ..core.record import ProviderSession, SessionRecord, provider_id
from ..core.utils import Clock, system_clock
from . import http_client
from .base import Identity, ProviderEndpoints, RedirectProvider, TokenResponse, bearer
from .http_client import Remembered, fetch, fetch_object, is_safe, origin_of

_PATH = "/.well-known/openid-configuration"


class Discovery:
    """Knows one provider, and asks it again when it has to (OpenID Connect Discovery 1.0)."""

    def __init__(self, issuer: str, *, clock: Clock = system_clock) -> None:
        self.clock = clock
        self._issuer = issuer
        self._metadata = Remembered(self._ask_metadata, clock=self._now)
        self._keys = Remembered(self._ask_keys, clock=self._now)

    async def metadata(self, client: httpx.AsyncClient) -> Mapping[str, Any]:
        """Read the provider's metadata."""
        return await self._metadata.read(client)

    async def key(self, client: httpx.AsyncClient, kid: str | None) -> jwt.PyJWK:
        """Find a key of the provider; one that isn't known yet is asked for."""
        found = _find(await self._keys.read(client), kid)
        found = found or _find(await self._keys.read(client, anew=True), kid)
        if found is None:
            raise OAuthCallbackError("The provider has no such key.", reason="token")
        return found

    def _now(self) -> float:
        return self.clock()

    async def _ask_metadata(self, client: httpx.AsyncClient) -> Mapping[str, Any]:
        said = await fetch_object(client, self._issuer.rstrip("/") + _PATH)
        if said.get("issuer") != self._issuer:
            raise OAuthCallbackError("The provider says that it is another.", reason="issuer")
        return said

    async def _ask_keys(self, client: httpx.AsyncClient) -> jwt.PyJWKSet:
        uri = endpoint(await self.metadata(client), "jwks_uri")
        return _key_set(await fetch(client, uri))


def endpoint(metadata: Mapping[str, Any], name: str) -> str:
    """Read an address that a provider names."""
    address = metadata.get(name)
    if not isinstance(address, str) or not is_safe(address, query=True):
        raise OAuthCallbackError(
            f"The provider names no {name} that could be used.", reason="refused"
        )
    return address


def _key_set(said: object) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(said if isinstance(said, dict) else {})
    except jwt.PyJWTError as error:
        raise OAuthCallbackError("The provider's keys can't be read.", reason="token") from error


def _find(known: jwt.PyJWKSet, kid: str | None) -> jwt.PyJWK | None:
    keys = [key for key in known.keys if key.public_key_use in (None, "sig")]
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.key_id == kid), None)


ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA"}
"""What a token may be signed with: never a secret, never nothing."""

LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
"""What a logout token says has happened; a name, and no address that is ever asked."""

LOGOUT_TYPES = frozenset({"logout+jwt", "jwt"})
"""What a logout token may call itself; the first is recommended, and not all providers follow."""

_NO_TIME = 100_000_000_000
"""Seconds since 1970 that nobody lives to see."""

_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_REQUIRED_OF_LOGOUT = ["iss", "aud", "iat", "exp", "jti", "events"]
_REASONS: dict[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "expired",
    jwt.InvalidIssuerError: "issuer",
    jwt.InvalidAudienceError: "audience",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """Verifies what one provider signs for one app."""

    issuer: str
    client_id: str
    leeway: float
    discovery: Discovery

    async def id_token(self, http: httpx.AsyncClient, token: object, nonce: str) -> dict[str, Any]:
        """Verify an id token (OpenID Connect Core section 3.1.3.7)."""
        claims = await self._decode(http, str(token), _REQUIRED)
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self.client_id) != self.client_id:
            raise OAuthCallbackError("The token was made for another app.", reason="audience")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuthCallbackError("The token was made for another sign-in.", reason="nonce")
        return claims

    async def logout_token(self, http: httpx.AsyncClient, token: object) -> Logout:
        """Verify a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.6)."""
        claims = await self._decode(http, str(token), _REQUIRED_OF_LOGOUT)
        events, subject, sid = claims["events"], claims.get("sub", ""), claims.get("sid", "")
        is_logout = isinstance(events, dict) and isinstance(events.get(LOGOUT_EVENT), dict)
        says_who = isinstance(subject, str) and isinstance(sid, str) and (subject or sid)
        kind = str(jwt.get_unverified_header(str(token)).get("typ", "JWT"))
        is_logout = is_logout and kind.lower() in LOGOUT_TYPES
        at = _seconds(claims["iat"])
        if not is_logout or not says_who or "nonce" in claims or at is None:
            raise OAuthCallbackError("The token says of nobody that they are out.", reason="token")
        return Logout(subject=subject, sid=sid, at=at)

    async def _decode(
        self, http: httpx.AsyncClient, token: str, required: list[str]
    ) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            algorithm = _agreed(header, await self.discovery.metadata(http))
            key = await self.discovery.key(http, header.get("kid"))
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
            reason = next((_REASONS[kind] for kind in type(error).__mro__ if kind in _REASONS), "")
            raise OAuthCallbackError(
                "The token can't be believed.", reason=reason or "token"
            ) from error
        return claims


def proved_at(claims: Mapping[str, Any], *, since: float, leeway: float) -> float:
    """Tell when somebody proved at the provider who they are (OpenID Connect Core section 2)."""
    at = _seconds(claims.get("auth_time")) or 0.0
    if at + leeway < since:
        raise OAuthCallbackError("The provider didn't ask who it is again.", reason="proof")
    return at


def _seconds(said: object) -> float | None:
    """Read a time as RFC 7519 section 2 has it: a number, and no text that looks like one."""
    if not isinstance(said, int | float) or isinstance(said, bool):
        return None
    return float(said) if 0 <= said < _NO_TIME else None


def _agreed(header: Mapping[str, Any], metadata: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
    if algorithm not in ALGORITHMS or algorithm not in offered:
        raise OAuthCallbackError(
            "The token is signed in a way that nobody agreed on.", reason="token"
        )
    return str(algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """A verified logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""

    subject: str
    sid: str
    at: float

    def provider_id(self, provider: str) -> str:
        """Name what it is about, as stores find sessions."""
        kind, value = ("sid", self.sid) if self.sid else ("sub", self.subject)
        return provider_id(provider, kind, value)

    def concerns(self, record: SessionRecord, *, leeway: float) -> bool:
        """Tell whether a session that goes by that name is over.

        A session that began later is another one: so nothing is gained by sending an old
        token again.
        """
        there = record.provider_session
        is_theirs = there is not None and self.subject in ("", there.subject)
        return is_theirs and record.created_at <= self.at + leeway


LONGEST_HINT = 4096
"""How long an id token may be that is sent along in an address, in characters."""

_ADDRESS = ("email", "email_verified")


@dataclass(frozen=True, kw_only=True)
class OpenIDConnect(RedirectProvider):
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
        """Check what can be checked without asking the provider."""
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
        async with http_client.client() as http:
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
        async with http_client.client() as http:
            return await self._verifier().logout_token(http, token)

    async def _place(self, http: httpx.AsyncClient) -> ProviderEndpoints:
        metadata = await self._discovery.metadata(http)
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        says_issuer = metadata.get("authorization_response_iss_parameter_supported") is True
        return ProviderEndpoints(
            authorization=endpoint(metadata, "authorization_endpoint"),
            token=endpoint(metadata, "token_endpoint"),
            issuer=self.issuer,
            always_says_issuer=says_issuer,
            takes_basic="client_secret_basic" in ways,
        )

    def _also_asked(self, departure: OAuthState) -> Mapping[str, str]:
        return {"nonce": departure.nonce, "max_age": "0" if departure.min_auth_time else ""}

    async def _recognise(
        self, http: httpx.AsyncClient, granted: TokenResponse, departure: OAuthState
    ) -> Identity:
        claims = await self._verifier().id_token(http, granted.get("id_token"), departure.nonce)
        proved = proved_at(claims, since=departure.min_auth_time, leeway=self.leeway)
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
            auth_time=proved,
        )

    def _verifier(self) -> Verifier:
        return Verifier(
            issuer=self.issuer,
            client_id=self.client_id,
            leeway=self.leeway,
            discovery=self._discovery,
        )

    async def _with_userinfo(
        self, http: httpx.AsyncClient, claims: dict[str, Any], granted: TokenResponse
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
