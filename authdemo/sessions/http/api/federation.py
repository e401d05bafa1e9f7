"""Sign-in at a provider: the way there, and the way back."""

from __future__ import annotations

import re

from ...core.audit import AuditEvent
from ...core.errors import (
    AuthError,
    CallbackFailed,
    OAuthCallbackError,
    SignInError,
    TooManyDepartures,
)
from ...core.limits.failures import AddressLimit
from ...core.one_time.departures import DEPARTURE_SECONDS, Departure, Departures
from ...core.users.models import User
from ...providers.federated import Federated
from ...setup.admission import Granted
from ...setup.auth import AuthCore
from ..messages import cookies
from ..messages.answers import Answer
from ..requests import Request
from ..visitors import Visitor
from .signing_in import SigningIn, redirect

_MOST_AT_ONCE = 4
_BETWEEN = "."
_SECRETS = re.compile(rf"[0-9a-f]{{40}}(?:\.[0-9a-f]{{40}}){{0,{_MOST_AT_ONCE - 1}}}")


class Federation:
    """Sends visitors to providers, and receives them when they come back."""

    def __init__(self, auth: AuthCore, signing_in: SigningIn, base: str) -> None:
        """Make the ways.

        Args:
            auth: The app's sessions.
            signing_in: Lets in who comes back.
            base: The path of `/api/auth`.
        """
        self._auth = auth
        self._signing_in = signing_in
        self._base = base
        self._departures = Departures(auth.sessions.store, clock=auth.now)
        rate = auth.settings.address_rate
        self._limit = AddressLimit(auth.sessions.store, rate, "departures", clock=auth.now)

    async def leave(
        self,
        request: Request,
        visitor: Visitor,
        provider: Federated,
        callback_url: str,
    ) -> Answer:
        """Send a visitor to a provider.

        With `?prompt=login`, as Auth.js's `signIn(provider, options, {prompt: "login"})` sends,
        the visitor has to prove there who they are, however well they are known.

        Args:
            request: The request.
            visitor: The visitor.
            provider: The provider.
            callback_url: Where they want to go afterwards.

        Returns:
            The answer that leads there, with the cookie which the visitor is known by later;
            or the one that says why it can't.
        """
        again = request.query.get("prompt") == "login"
        departure, state, secret = self._departures.begin(
            provider=provider.id,
            verifier=provider.new_verifier(),
            callback_url=callback_url,
            member=visitor.sid,
            again=again,
        )
        try:
            await self._check_rate(visitor)
            address = await provider.address(
                departure, state=state, redirect_uri=self._redirect_uri(visitor, provider)
            )
        except SignInError as error:
            return self._refuse(request, visitor, provider, error, callback_url)
        await self._departures.keep(departure, state)
        answer, names, life = redirect(request, address), visitor.names, DEPARTURE_SECONDS
        kept = _BETWEEN.join([secret, *_secrets(visitor)][:_MOST_AT_ONCE])
        cookies.put(answer.headers, names.state, kept, secure=names.secure, max_age=life)
        return answer

    async def arrive(self, request: Request, visitor: Visitor, provider: Federated) -> Answer:
        """Receive a visitor who comes back.

        Args:
            request: The request that they come back with.
            visitor: The visitor.
            provider: The provider whose address they came back to.

        Returns:
            The answer that lets them in, or the one that says why not.
        """
        wanted = ""
        try:
            departure = await self._recognise(request, visitor, provider)
            wanted = departure.callback_url
            granted = await self._identify(request, visitor, provider, departure)
            return await self._signing_in.admit(request, visitor, granted, wanted)
        except (SignInError, CallbackFailed) as error:
            return self._refuse(request, visitor, provider, error, wanted)

    async def _check_rate(self, visitor: Visitor) -> None:
        if wait := await self._limit.take(visitor.device.ip):
            raise TooManyDepartures(wait)

    async def _recognise(
        self, request: Request, visitor: Visitor, provider: Federated
    ) -> Departure:
        state = request.query.get("state", "")
        return await self._departures.arrive(state, _secrets(visitor), provider=provider.id)

    async def _identify(
        self, request: Request, visitor: Visitor, provider: Federated, departure: Departure
    ) -> Granted:
        if departure.member != visitor.sid:
            raise OAuthCallbackError("Somebody signed in or out since this began.", reason="member")
        identity = await provider.identify(
            departure,
            request.query,
            redirect_uri=self._redirect_uri(visitor, provider),
        )
        return await self._auth.admission.admit(
            provider, identity, began=departure.began, member=self._member(visitor)
        )

    def _refuse(
        self,
        request: Request,
        visitor: Visitor,
        provider: Federated,
        error: AuthError,
        wanted: str,
    ) -> Answer:
        entry = AuditEvent(
            kind="sign-in-failed", reason=error.code, detail=error.reason, provider=provider.id
        )
        self._auth.trail.add(entry, device=visitor.device)
        return self._signing_in.refuse(request, visitor, error, wanted)

    def _member(self, visitor: Visitor) -> User | None:
        return self._auth.sessions.faces.user(visitor.record) if visitor.record else None

    def _redirect_uri(self, visitor: Visitor, provider: Federated) -> str:
        return f"{visitor.base_url}{self._base}/callback/{provider.id}"


def _secrets(visitor: Visitor) -> list[str]:
    """Read what a browser's sign-ins under way are known by, the newest first."""
    sent = visitor.cookies.get(visitor.names.state, [])
    return [s for value in sent if _SECRETS.fullmatch(value) for s in value.split(_BETWEEN)]
