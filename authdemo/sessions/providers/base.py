"""Providers that send users away and back: what OAuth 2.0 and OpenID Connect share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

import httpx
from oauthlib.common import add_params_to_uri
from oauthlib.oauth2 import WebApplicationClient

from ..core.arguments import check_function
from ..core.errors import AccessDenied, ConfigurationError, OAuthCallbackError
from ..core.one_time import OAuthState
from ..core.record import ProviderSession
from ..core.users import User
from ..core.utils import Clock
from . import http_client


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider has vouched for, with everything verified.

    Attributes:
        provider: The provider's id.
        issuer: Who vouches.
        subject: Whom the issuer means; with the issuer, the one thing to know a user by.
        claims: What else it says.
        member: The user who was signed in when the sign-in began, or None. To link accounts,
            remember issuer and subject for this user; an e-mail address proves nothing.
        session: What the session is at the provider, for the server alone.
    """

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    member: User | None = None
    session: ProviderSession | None = field(default=None, repr=False)


def default_user(identity: Identity) -> User:
    """Make a user of an identity, for apps that keep none."""
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
TokenResponse: TypeAlias = Mapping[str, Any]

VERIFIER_CHARACTERS = 64
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEndpoints:
    """Where a provider is asked what, and how (RFC 8414 section 2).

    See RFC 9207.
    """

    authorization: str
    token: str
    issuer: str
    always_says_issuer: bool = False
    takes_basic: bool = True


@dataclass(frozen=True, kw_only=True)
class RedirectProvider(ABC):
    """Sign-in at a provider by authorization code and PKCE (RFC 6749 section 4.1, RFC 7636).

    Attributes:
        client_id: The app's id there.
        client_secret: The app's secret there; empty for a public client.
        id: The provider's id here.
        name: The provider's name for people.
        scope: What is asked for.
        user: Makes a user of a verified `Identity`, or answers None to refuse; it may be async.
        prompt: What the provider shall ask of the visitor, such as `select_account`.
        type: `oidc` or `oauth`, as Auth.js calls them.
    """

    client_id: str
    client_secret: str = field(default="", repr=False)
    id: str
    name: str
    scope: str = ""
    user: UserFactory = default_user
    prompt: str = ""
    type: str

    def __post_init__(self) -> None:
        """Check what can be checked without asking the provider."""
        if not self.client_id:
            raise ConfigurationError(f"{self.id!r} needs a client_id.")
        check_function(f"{type(self).__name__}(user=...)", self.user, "identity")

    @property
    @abstractmethod
    def origin(self) -> str:
        """The origin that visitors are sent to; empty if no policy of a page can name it."""

    def use_clock(self, clock: Clock) -> None:  # noqa: B027 - most have no use for one
        """Go by the app's clock.

        Args:
            clock: The clock.
        """

    def new_verifier(self) -> str:
        """Make a proof key (RFC 7636 section 4.1)."""
        verifier: str = self._client().create_code_verifier(VERIFIER_CHARACTERS)
        return verifier

    async def address(self, departure: OAuthState, *, state: str, redirect_uri: str) -> str:
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
        async with http_client.client() as http:
            place = await self._place(http)
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.scope,
            "state": state,
            "code_challenge": self._client().create_code_challenge(departure.verifier, "S256"),
            "code_challenge_method": "S256",
            "prompt": "login" if departure.min_auth_time else self.prompt,
            **self._also_asked(departure),
        }
        given = [(name, value) for name, value in asked.items() if value]
        return str(add_params_to_uri(place.authorization, given))

    async def identify(
        self, departure: OAuthState, answer: Mapping[str, str], *, redirect_uri: str
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
            CallbackFailed: If a function of the app raised, or answered with what it must not.
        """
        async with http_client.client() as http:
            place = await self._place(http)
            _check(answer, place)
            granted = await self._exchange(http, place, departure, answer["code"], redirect_uri)
            return await self._recognise(http, granted, departure)

    @abstractmethod
    async def _place(self, http: httpx.AsyncClient) -> ProviderEndpoints:
        """Find out where the provider is asked what."""

    @abstractmethod
    async def _recognise(
        self, http: httpx.AsyncClient, granted: TokenResponse, departure: OAuthState
    ) -> Identity:
        """Find out whom the provider means by what it gave for a code."""

    def _also_asked(self, _: OAuthState) -> Mapping[str, str]:
        """Say what else the provider has to know when it is asked for a code."""
        return {}

    def _client(self) -> WebApplicationClient:
        return WebApplicationClient(self.client_id)

    async def _exchange(
        self,
        http: httpx.AsyncClient,
        place: ProviderEndpoints,
        departure: OAuthState,
        code: str,
        redirect_uri: str,
    ) -> TokenResponse:
        """Exchange a code for what it stands for; GitHub refuses with status 200."""
        basic = bool(self.client_secret) and place.takes_basic
        secret = {"client_secret": self.client_secret} if self.client_secret and not basic else {}
        body = self._client().prepare_request_body(
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=departure.verifier,
            include_client_id=not basic,
            **secret,
        )
        auth = self._basic_auth() if basic else None
        granted = await http_client.fetch_object(
            http, place.token, method="POST", content=body, headers=_FORM, auth=auth
        )
        if "error" in granted or not isinstance(granted.get("access_token"), str):
            raise OAuthCallbackError("The provider doesn't take the code.", reason="refused")
        return granted

    def _basic_auth(self) -> httpx.BasicAuth:
        """Spell id and secret as RFC 6749 section 2.3.1 asks."""
        return httpx.BasicAuth(quote(self.client_id, safe=""), quote(self.client_secret, safe=""))


def bearer(granted: TokenResponse) -> dict[str, str]:
    """Spell the header by which a provider is asked in the visitor's name (RFC 6750)."""
    return {"Authorization": f"Bearer {granted['access_token']}"}


def _check(answer: Mapping[str, str], place: ProviderEndpoints) -> None:
    """Check an answer before anything in it is used; RFC 9207 against a mix-up."""
    says_who = answer.get("iss", None if place.always_says_issuer else place.issuer)
    if says_who != place.issuer:
        raise OAuthCallbackError("The answer comes from another provider.", reason="issuer")
    if answer.get("error") == "access_denied":
        raise AccessDenied("The sign-in was cancelled.", reason="cancelled")
    if not answer.get("code"):
        raise OAuthCallbackError("The provider could not sign you in.", reason="refused")
