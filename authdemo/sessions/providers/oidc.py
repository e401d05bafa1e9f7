"""Sign-in at an OpenID provider: authorization code with PKCE, state and nonce."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.parse import quote, urlsplit

import httpx
import jwt
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient

from ..core.departures import Departure
from ..core.errors import AccessDenied, ConfigurationError, OAuthCallbackError
from ..core.users import User
from .discovery import Discovery, fetch
from .identity import Identity, default_user

MakeUser: TypeAlias = Callable[[Identity], User | None | Awaitable[User | None]]

ALGORITHMS = frozenset(
    f"{kind}{bits}" for kind in ("RS", "PS", "ES") for bits in (256, 384, 512)
) | {"EdDSA"}
"""What an id token may be signed with: never a secret, never nothing."""

VERIFIER_CHARACTERS = 64
_REQUIRED = ["iss", "sub", "aud", "exp", "iat"]
_PATIENCE = httpx.Timeout(10)


@dataclass(frozen=True, kw_only=True)
class OpenIDConnect:
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
        type: Always `oidc`.
    """

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    id: str = "oidc"
    name: str = "OpenID Connect"
    scope: str = "openid profile email"
    user: MakeUser = default_user
    leeway: float = 30
    prompt: str = ""
    type: str = "oidc"
    _discovery: Discovery = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check what can be checked without asking the provider.

        Raises:
            ConfigurationError: If something can't be; says what to do.
        """
        if not _is_safe(self.issuer):
            raise ConfigurationError(
                f"The issuer of {self.id!r} must be an https address without a query, "
                f"not {self.issuer!r}."
            )
        if not self.client_id or "openid" not in self.scope.split():
            raise ConfigurationError(f"{self.id!r} needs a client_id, and openid in its scope.")
        object.__setattr__(self, "_discovery", Discovery(self.issuer))

    def new_verifier(self) -> str:
        """Make a proof key (RFC 7636 section 4.1)."""
        verifier: str = self._client().create_code_verifier(VERIFIER_CHARACTERS)
        return verifier

    async def address(self, departure: Departure, *, state: str, redirect_uri: str) -> str:
        """Find where to send the visitor.

        Args:
            departure: The sign-in under way.
            state: What comes back with the visitor.
            redirect_uri: Where the visitor comes back to.

        Returns:
            The provider's address, with all that it has to know.

        Raises:
            OAuthCallbackError: If the provider can't be reached.
        """
        async with _http() as http:
            metadata = await self._discovery.metadata(http)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.scope,
            "state": state,
            "nonce": departure.nonce,
            "code_challenge": self._client().create_code_challenge(departure.verifier, "S256"),
            "code_challenge_method": "S256",
            "prompt": self.prompt,
        }
        endpoint = _endpoint(metadata, "authorization_endpoint")
        given = [(name, value) for name, value in asked.items() if value]
        return str(add_params_to_uri(endpoint, given))

    async def identify(
        self, departure: Departure, answer: Mapping[str, str], *, redirect_uri: str
    ) -> Identity:
        """Find out who came back.

        Args:
            departure: The sign-in under way.
            answer: The query that the visitor came back with.
            redirect_uri: Where the visitor was to come back to.

        Returns:
            Who it is, verified.

        Raises:
            AccessDenied: If the visitor, or the provider, said no.
            OAuthCallbackError: If anything is not as it must be.
        """
        async with _http() as http:
            metadata = await self._discovery.metadata(http)
            self._check_answer(answer, metadata)
            said = await self._exchange(http, metadata, departure, answer["code"], redirect_uri)
            claims = await self._verified(http, metadata, said.get("id_token"), departure.nonce)
            claims = await self._with_userinfo(http, metadata, claims, said.get("access_token"))
        return Identity(
            provider=self.id, issuer=self.issuer, subject=str(claims["sub"]), claims=claims
        )

    def _client(self) -> WebApplicationClient:
        return WebApplicationClient(self.client_id)

    def _basic_auth(self) -> httpx.BasicAuth:
        """Spell id and secret as RFC 6749 section 2.3.1 asks."""
        return httpx.BasicAuth(quote(self.client_id, safe=""), quote(self.client_secret, safe=""))

    def _check_answer(self, answer: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
        """Check the answer before anything in it is used; RFC 9207 against a mix-up."""
        says_who = metadata.get("authorization_response_iss_parameter_supported") is True
        if answer.get("iss", self.issuer if not says_who else None) != self.issuer:
            raise OAuthCallbackError("The answer comes from another provider.")
        if answer.get("error") == "access_denied":
            raise AccessDenied("The sign-in was cancelled.", reason="cancelled")
        if not answer.get("code"):
            raise OAuthCallbackError("The provider could not sign you in.")

    async def _exchange(
        self,
        http: httpx.AsyncClient,
        metadata: Mapping[str, Any],
        departure: Departure,
        code: str,
        redirect_uri: str,
    ) -> Mapping[str, Any]:
        client = self._client()
        ways = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        basic = bool(self.client_secret) and "client_secret_basic" in ways
        secret = {"client_secret": self.client_secret} if self.client_secret and not basic else {}
        body = client.prepare_request_body(
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=departure.verifier,
            include_client_id=not basic,
            **secret,
        )
        said = await fetch(
            http,
            _endpoint(metadata, "token_endpoint"),
            method="POST",
            content=body,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=self._basic_auth() if basic else None,
        )
        if not isinstance(said, dict):
            raise OAuthCallbackError("The provider doesn't answer as it should.")
        return said

    async def _verified(
        self, http: httpx.AsyncClient, metadata: Mapping[str, Any], token: object, nonce: str
    ) -> dict[str, Any]:
        """Verify an id token (OpenID Connect Core section 3.1.3.7)."""
        try:
            header = jwt.get_unverified_header(str(token))
            algorithm = header.get("alg")
            offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
            if algorithm not in ALGORITHMS or algorithm not in offered:
                raise OAuthCallbackError("The id token is signed in a way that nobody agreed on.")
            key = await self._discovery.key(http, header.get("kid"))
            claims: dict[str, Any] = jwt.decode(
                str(token),
                key.key,
                algorithms=[algorithm],
                audience=self.client_id,
                issuer=self.issuer,
                leeway=self.leeway,
                options={"require": _REQUIRED},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as error:
            raise OAuthCallbackError("The id token can't be believed.") from error
        self._check_claims(claims, nonce)
        return claims

    def _check_claims(self, claims: Mapping[str, Any], nonce: str) -> None:
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        authorized = claims.get("azp", None if several else self.client_id)
        if authorized != self.client_id:
            raise OAuthCallbackError("The id token was made for another app.")
        if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
            raise OAuthCallbackError("The id token was made for another sign-in.")

    async def _with_userinfo(
        self,
        http: httpx.AsyncClient,
        metadata: Mapping[str, Any],
        claims: dict[str, Any],
        access_token: object,
    ) -> dict[str, Any]:
        """Ask for what the id token leaves out; it must be about the same person."""
        if "name" in claims or "userinfo_endpoint" not in metadata or not access_token:
            return claims
        headers = {"Authorization": f"Bearer {access_token}"}
        said = await fetch(http, _endpoint(metadata, "userinfo_endpoint"), headers=headers)
        if not isinstance(said, dict) or said.get("sub") != claims["sub"]:
            raise OAuthCallbackError("The provider speaks of somebody else.")
        return {**said, **claims}


def _http() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_PATIENCE, follow_redirects=False)


def _endpoint(metadata: Mapping[str, Any], name: str) -> str:
    address = metadata.get(name)
    if not isinstance(address, str) or not _is_safe(address, query=True):
        raise OAuthCallbackError(f"The provider names no {name} that could be used.")
    return address


def _is_safe(address: str, *, query: bool = False) -> bool:
    """Tell whether an address is https, or on this machine."""
    try:
        url = urlsplit(address)
    except ValueError:
        return False
    if url.fragment or (url.query and not query) or not url.hostname:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _is_local(url.hostname))


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
