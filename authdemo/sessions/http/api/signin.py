"""Sign-in by credentials and by providers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ...core import events as ev
from ...core.audit import AuditEvent
from ...core.callbacks import safe_redirect_url
from ...core.errors import (
    AuthError,
    CallbackFailed,
    OAuthCallbackError,
    SignInError,
    TooManyDepartures,
)
from ...core.one_time import OAuthState, OneTimeStore, browser_hash, redeem_oauth_state
from ...core.rate_limit import AddressLimit
from ...core.users import User
from ...core.utils import new_id
from ...engine import AuthCore
from ...login import Granted
from ...providers.base import RedirectProvider
from .. import cookies, responses
from ..context import RequestContext, RequestContexts
from ..headers import wants_page
from ..requests import Request
from ..responses import Response


@dataclass(frozen=True, eq=False)
class SigningIn:
    """Lets visitors in, or says why not."""

    auth: AuthCore
    contexts: RequestContexts

    async def admit(
        self,
        request: Request,
        context: RequestContext,
        granted: Granted,
        wanted: str,
        *,
        as_json: bool = False,
    ) -> Response:
        """Let somebody in who has proved who they are, unless the app sends them elsewhere."""
        if granted.redirect_to is not None:
            return redirect(
                request, await self.auth.redirect(granted.redirect_to, context.base_url)
            )
        record = await self.auth.sessions.begin(
            granted.user,
            granted.account,
            started_at=granted.began,
            device=context.device,
            replaces=context.record,
            provider_session=granted.provider_session,
        )
        answer = responses.private_json({"url": wanted}) if as_json else redirect(request, wanted)
        self.remember(answer, context, wanted)
        self.contexts.set_session_cookie(answer.headers, context, record)
        browser = self.contexts.next_browser_id(context)
        self.contexts.set_csrf_cookie(answer.headers, context, record.id, browser=browser)
        if browser:
            self.auth.sessions.feed.publish(ev.BrowserSignedIn(browser))
        return answer

    def refuse(
        self, request: Request, context: RequestContext, error: AuthError, wanted: str = ""
    ) -> Response:
        """Turn somebody away: the sign-in page says why.

        A program that has to wait is told how long, which no redirect could say.
        """
        further = _within(context.base_url, wanted)
        query = {"error": error.code, "code": error.reason, "callbackUrl": further}
        known = {name: value for name, value in query.items() if value}
        url = self.auth.sign_in_url(context.base_url, **known)
        is_to_wait = error.retry_after is not None and not wants_page(request.scope)
        if wants_json(request) or is_to_wait:
            return responses.json_error(error, {"url": url})
        return redirect(request, url)

    def remember(self, answer: Response, context: RequestContext, url: str) -> None:
        """Keep where the visitor went, as Auth.js does, for a sign-in that doesn't say.

        An address that no browser would keep is not remembered, nor the app's one before it.
        """
        names, value = context.names, quote(url, safe="")
        if len(value) <= cookies.LONGEST_VALUE:
            cookies.put(answer.headers, names.callback_url, value, secure=names.secure)
        elif self.remembered_url(context) is not None:
            cookies.clear(answer.headers, names.callback_url, secure=names.secure)

    def remembered_url(self, context: RequestContext) -> str | None:
        """Tell where the visitor went the last time, if it is an address of the app."""
        values = context.cookies.get(context.names.callback_url, [])
        return next(
            (url for url in map(unquote, values) if safe_redirect_url(url, context.base_url)), None
        )


def wants_json(request: Request) -> bool:
    """Tell whether the sender is Auth.js's client, which follows redirects itself."""
    return request.header(b"x-auth-return-redirect") is not None


def redirect(request: Request, url: str) -> Response:
    """Send the visitor on, the way the sender can follow."""
    if wants_json(request):
        return responses.private_json({"url": url}).plus([responses.location_header(url)])
    return responses.redirect(url, 302)


def _within(base_url: str, url: str) -> str:
    """Name a page of the app by its path; the home page goes without saying."""
    path = url.removeprefix(base_url)
    if path in ("", "/"):
        return ""
    return path if path.startswith("/") else url


_MOST_AT_ONCE = 4
_BETWEEN = "."
_SECRETS = re.compile(rf"[0-9a-f]{{40}}(?:\.[0-9a-f]{{40}}){{0,{_MOST_AT_ONCE - 1}}}")


class ProviderSignIn:
    """Sends visitors to providers, and receives them when they come back."""

    def __init__(self, auth: AuthCore, signing_in: SigningIn, base: str) -> None:
        self._auth = auth
        self._signing_in = signing_in
        self._base = base
        self._states = OneTimeStore(OAuthState, auth.sessions.store, clock=auth.now)
        rate = auth.settings.address_rate
        self._limit = AddressLimit(auth.sessions.store, rate, "departures", clock=auth.now)

    async def leave(
        self,
        request: Request,
        context: RequestContext,
        provider: RedirectProvider,
        callback_url: str,
    ) -> Response:
        """Send a visitor to a provider.

        With `?prompt=login`, as Auth.js's `signIn(provider, options, {prompt: "login"})` sends,
        the visitor has to prove there who they are, however well they are known.
        """
        key, secret, now = new_id(), new_id(), self._auth.now()
        state = OAuthState(
            provider=provider.id,
            verifier=provider.new_verifier(),
            callback_url=callback_url,
            session_id=context.sid,
            browser=browser_hash(secret),
            started_at=now,
            min_auth_time=now if request.query.get("prompt") == "login" else 0,
        )
        try:
            await self._check_rate(context)
            address = await provider.address(
                state, state=key, redirect_uri=self._redirect_uri(context, provider)
            )
        except SignInError as error:
            return self._refuse(request, context, provider, error, callback_url)
        await self._states.put(state, key)
        answer, names, life = redirect(request, address), context.names, state.MAX_AGE
        kept = _BETWEEN.join([secret, *_secrets(context)][:_MOST_AT_ONCE])
        cookies.put(answer.headers, names.state, kept, secure=names.secure, max_age=life)
        return answer

    async def arrive(
        self, request: Request, context: RequestContext, provider: RedirectProvider
    ) -> Response:
        """Receive a visitor who comes back."""
        wanted = ""
        try:
            key, secrets = request.query.get("state", ""), _secrets(context)
            state = await redeem_oauth_state(self._states, key, secrets, provider=provider.id)
            wanted = state.callback_url
            granted = await self._identify(request, context, provider, state)
            return await self._signing_in.admit(request, context, granted, wanted)
        except (SignInError, CallbackFailed) as error:
            return self._refuse(request, context, provider, error, wanted)

    async def _check_rate(self, context: RequestContext) -> None:
        if wait := await self._limit.take(context.device.ip):
            raise TooManyDepartures(wait)

    async def _identify(
        self,
        request: Request,
        context: RequestContext,
        provider: RedirectProvider,
        state: OAuthState,
    ) -> Granted:
        if state.session_id != context.sid:
            raise OAuthCallbackError("Somebody signed in or out since this began.", reason="member")
        identity = await provider.identify(
            state,
            request.query,
            redirect_uri=self._redirect_uri(context, provider),
        )
        return await self._auth.admission.admit(
            provider, identity, began=state.started_at, member=self._member(context)
        )

    def _refuse(
        self,
        request: Request,
        context: RequestContext,
        provider: RedirectProvider,
        error: AuthError,
        wanted: str,
    ) -> Response:
        entry = AuditEvent(
            kind="sign-in-failed", reason=error.code, detail=error.reason, provider=provider.id
        )
        self._auth.trail.add(entry, device=context.device)
        return self._signing_in.refuse(request, context, error, wanted)

    def _member(self, context: RequestContext) -> User | None:
        return self._auth.sessions.schema.read(context.record.user) if context.record else None

    def _redirect_uri(self, context: RequestContext, provider: RedirectProvider) -> str:
        return f"{context.base_url}{self._base}/callback/{provider.id}"


def _secrets(context: RequestContext) -> list[str]:
    """Read what a browser's sign-ins under way are known by, the newest first."""
    sent = context.cookies.get(context.names.state, [])
    return [s for value in sent if _SECRETS.fullmatch(value) for s in value.split(_BETWEEN)]
