"""Sign-in at a provider: the way there, and the way back."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from ..core.auth import AuthCore, Granted
from ..core.departures import DEPARTURE_SECONDS, Departures
from ..core.errors import OAuthCallbackError
from ..core.users import User
from ..providers.oidc import OpenIDConnect
from . import cookies
from .cookies import RawHeaders
from .visitor import Visitor


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody who came back from a provider, and may come in.

    Attributes:
        granted: Who it is.
        callback_url: Where they want to go.
    """

    granted: Granted
    callback_url: str


class Federation:
    """Sends visitors to providers, and receives them when they come back."""

    def __init__(self, auth: AuthCore, base: str) -> None:
        """Make the ways.

        Args:
            auth: The app's sessions.
            base: The path of `/api/auth`.
        """
        self._auth = auth
        self._base = base
        self._departures = Departures(auth.sessions.store, clock=auth.now)

    async def leave(
        self, headers: RawHeaders, visitor: Visitor, provider: OpenIDConnect, callback_url: str
    ) -> str:
        """Send a visitor to a provider.

        Args:
            headers: The headers of the answer that carries the cookie by which the visitor
                is known later.
            visitor: The visitor.
            provider: The provider.
            callback_url: Where they want to go afterwards.

        Returns:
            The provider's address.

        Raises:
            OAuthCallbackError: If the provider can't be reached.
        """
        departure, state, secret = await self._departures.leave(
            provider=provider.id,
            verifier=provider.new_verifier(),
            callback_url=callback_url,
            member=visitor.sid,
        )
        address = await provider.address(
            departure, state=state, redirect_uri=self._redirect_uri(visitor, provider)
        )
        cookies.put(
            headers,
            visitor.names.state,
            secret,
            secure=visitor.names.secure,
            max_age=DEPARTURE_SECONDS,
        )
        return address

    async def arrive(self, request: Request, visitor: Visitor, provider: OpenIDConnect) -> Return:
        """Receive a visitor who comes back.

        Args:
            request: The request that they come back with.
            visitor: The visitor.
            provider: The provider whose address they came back to.

        Returns:
            Who it is.

        Raises:
            OAuthCallbackError: If anything is not as it must be.
            AccessDenied: If they, the provider or the app said no.
        """
        answer = dict(request.query_params)
        departure = await self._departures.arrive(
            answer.get("state", ""),
            visitor.cookies.get(visitor.names.state, []),
            provider=provider.id,
        )
        if departure.member and departure.member != visitor.sid:
            raise OAuthCallbackError("Somebody else is signed in by now.")
        identity = await provider.identify(
            departure, answer, redirect_uri=self._redirect_uri(visitor, provider)
        )
        granted = await self._auth.admit(provider, identity, member=self._member(visitor))
        return Return(granted, departure.callback_url)

    def _member(self, visitor: Visitor) -> User | None:
        return self._auth.sessions.faces.user(visitor.record) if visitor.record else None

    def _redirect_uri(self, visitor: Visitor, provider: OpenIDConnect) -> str:
        return f"{visitor.base_url}{self._base}/callback/{provider.id}"
