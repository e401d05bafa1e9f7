"""Sign-in by credentials, by a provider, and by a login ticket."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from ...core import callbacks as cb
from ...core.authentication import with_second_factor
from ...core.errors import (
    AuthError,
    CallbackFailed,
    CredentialsSignin,
    EmailSignInError,
    MethodNotAllowed,
    OAuthCallbackError,
    SecondFactorRequired,
    SignInError,
    SignInOutdated,
    StoreUnavailable,
    TicketRejected,
    TooManyAttempts,
    UnknownProvider,
)
from ...core.impersonation import ActorReturn
from ...core.one_time import (
    Challenge,
    LoginTicket,
    OAuthState,
    browser_hash,
    redeem_oauth_state,
    redeem_ticket,
)
from ...core.text import folded
from ...core.utils import new_id
from ...login import Login
from ...providers.base import RedirectProvider
from ...providers.credentials import Email, SignInRequest
from ..context import RETURN, RequestContext
from ..pages.render import language_of
from ..router import BASE, Request, Response, json_error, private_json, redirect, wants_page
from .openapi import ANYONE_POST, MEMBER, Resource, operation, redirects, ref, returns

_MAX_PENDING = 4
_MAX_EMAIL = 254  # RFC 5321, section 4.5.3.1.3
_SEPARATOR = "."
REMEMBER_SECONDS = 30 * 86_400
"""How long the cookie of a remembered browser lives."""
_SECRETS = re.compile(rf"[0-9a-f]{{40}}(?:\.[0-9a-f]{{40}}){{0,{_MAX_PENDING - 1}}}")
_show_page = partial(
    operation,
    parameters=("returnRedirect", "callbackUrl", "error", "code"),
    answers=redirects(),
    errors="Refused CallbackFailed",
)


@dataclass(eq=False)
class SignInApi(Resource):
    """Signs users in."""

    tag = "sign in"

    def __post_init__(self) -> None:
        self._limit = self.engine.address_limit("provider sign-ins")
        self._states = self.engine.one_time(OAuthState)

    @operation(
        "POST /callback/{provider}",
        "Auth.js: `signIn(provider, options)`. With `X-Auth-Return-Redirect` the response is JSON; "
        "without it, it is a redirect, and a rejection leads to the sign-in page with `error` and "
        "`code` in its query. A session that the browser had before ends.",
        security=ANYONE_POST,
        parameters=["returnRedirect", "callbackUrl"],
        body="Credentials",
        answers=redirects(cookies=True),
        errors="CredentialsSignin Refused TokenTooLarge TooManyAttempts CallbackFailed",
    )
    async def sign_in(self, request: Request) -> Response:
        """Sign in with credentials."""
        context, body = await self.contexts.load_post(request, for_redirect=True)
        wanted = request.callback_url(body) or context.callback_url
        if self._is_second_step(request.provider_id, body):
            return await self._finish_challenge(request, context, body)
        is_remembered = request.flag(body, "remember", default=True)
        try:
            async with request.watched() as has_left:
                login = await self.engine.logins.authorize(
                    request.provider_id,
                    body,
                    device=context.device,
                    browser=self.contexts.browser_id(context),
                    has_left=has_left,
                )
            login = replace(login, is_remembered=is_remembered)
            target = await self.engine.redirect(wanted, context.home)
            return await self._finish(request, context, login, target)
        except SignInError as error:
            named = request.callback_url(body)
            target = await self.engine.redirect(named, context.home) if named else ""
            return self._reject(request, context, error, wanted=target)

    @operation(
        "POST /ticket",
        "A web socket can't set a cookie. So a sign-in over a socket issues a ticket, valid once, "
        "for 30 seconds, and in that browser only.",
        security=ANYONE_POST,
        body="Ticket",
        answers=returns("Signed in; the cookie is set.", ref("schemas", "Url"), cookies=True),
        errors="TicketRejected Refused TokenTooLarge CallbackFailed",
    )
    async def redeem(self, request: Request) -> Response:
        """Exchange a login ticket for the session cookie."""
        context, body = await self.contexts.load_post(request)
        key, browser = str(body.get("ticket")), self.contexts.browser_id(context)
        ticket = await redeem_ticket(self.engine.tickets, key, browser=browser)
        if ticket.actor_sid:
            return await self._impersonate(context, ticket)
        try:
            login = Login.resume(ticket, self.engine.sessions.schema)
            self.engine.logins.provider(login.account.provider)
        except (ValidationError, UnknownProvider) as error:  # another version has issued it
            raise TicketRejected("This sign-in took too long. Sign in again.") from error
        target = await self.engine.redirect(ticket.callback_url, context.home)
        return await self._finish(request, context, login, target, as_json=True)

    @operation(
        "POST /signin/{provider}",
        "Auth.js: `signIn(provider)`. It redirects to the provider; for credentials, to the app's "
        "own sign-in page. The provider `email` mails a link to `email`, if that has an account, "
        "and redirects to its page.",
        security=ANYONE_POST,
        parameters=["prompt", "returnRedirect", "callbackUrl"],
        body="Onwards",
        answers=redirects(),
        errors="EmailSignInError Refused UnclearChoice TooManyAttempts CallbackFailed",
    )
    async def start(self, request: Request) -> Response:
        """Start to sign in with a provider."""
        provider = self.engine.logins.provider(request.provider_id)
        context, body = await self.contexts.load_post(request, for_redirect=True)
        target = await self.engine.redirect(request.callback_url(body), context.home)
        if isinstance(provider, Email):
            return await self._mail_link(request, context, provider, body.get("email"), target)
        if not isinstance(provider, RedirectProvider):
            return request.redirect(self.engine.sign_in_url(context.home, callbackUrl=target))
        key, secret, now = new_id(), new_id(), self.engine.clock()
        state = OAuthState(
            provider=provider.id,
            verifier=provider.new_verifier(),
            callback_url=target,
            session_id=context.sid,
            browser=browser_hash(secret),
            started_at=now,
            min_auth_time=now if request.query.get("prompt") == "login" else 0,
            is_remembered=request.flag(body, "remember", default=True),
        )
        try:
            if wait := await self._limit.take(context.device.ip):
                message = "Too many sign-ins were started from your network."
                raise TooManyAttempts(wait, message, reason="provider")
            url = await provider.authorization_url(
                state, key=key, redirect_uri=_redirect_uri(context, provider)
            )
        except SignInError as error:
            return self._reject(request, context, error, wanted=target, provider=provider.id)
        await self._states.put(state, key)
        response, names = request.redirect(url), context.names
        value = _with_secret(context, names.state, secret)
        names.put(response.headers, names.state, value, max_age=state.MAX_AGE)
        return response

    @operation(
        "GET /callback/{provider}",
        "Where a provider redirects to. Anything invalid leads to the sign-in page with `error` in "
        "its query. Credentials are sent by POST.",
        parameters=["state", "authorizationCode"],
        answers={**redirects(cookies=True), "405": ref("responses", "PostOnly")},
        errors="CredentialsSignin Refused CallbackFailed StoreUnavailable",
    )
    async def oauth_callback(self, request: Request) -> Response:
        """Come back from a provider."""
        provider = self.engine.logins.provider(request.provider_id)
        if not isinstance(provider, RedirectProvider):
            raise MethodNotAllowed("Credentials are sent by POST.", allowed=["POST"])
        context, wanted = await self.contexts.load(request.scope), ""
        try:
            key = request.query.get("state", "")
            secrets = _secrets(context, context.names.state)
            state = await redeem_oauth_state(self._states, key, secrets, provider=provider.id)
            wanted = state.callback_url
            login = await self._identify(request, context, provider, state)
            return await self._finish(request, context, login, wanted)
        except (SignInError, CallbackFailed) as error:
            return self._reject(request, context, error, wanted=wanted, provider=provider.id)

    @operation(
        f"GET {RETURN}",
        "Where a browser goes once an administrator's session as another user has ended. If the "
        "cookie of the way back is valid, which it is once, the browser has the administrator's "
        "own session again. It changes nothing before that.",
        security=[{}, *MEMBER],
        parameters=["callbackUrl"],
        answers={"302": ref("responses", "RedirectWithCookies")},
        errors="Refused CallbackFailed StoreUnavailable",
    )
    async def resume(self, request: Request) -> Response:
        """Return to the administrator's own session."""
        context = await self.contexts.load(request.scope)
        target = await self.engine.redirect(request.callback_url({}), context.base_url)
        response, names = redirect(target, 302), context.names
        if context.record is not None and context.record.actor is not None:
            return response
        key = context.actor_key if context.record is None else ""
        record = await self.engine.impersonations.resume(key) if key else None
        if record is not None:
            self.contexts.sign_in(response.headers, context, record)
        if context.actor_key:
            names.clear(response.headers, names.actor)
        return response

    @_show_page(
        "GET /signin/{provider}",
        "The app's one sign-in page is for all providers.",
    )
    async def show_page_for(self, request: Request) -> Response:
        """Go to the sign-in page for a provider."""
        self.engine.logins.provider(request.provider_id)
        return await self.show_page(request)

    @_show_page(
        "GET /signin",
        "Auth.js: `signIn()` without a provider.",
    )
    @_show_page(
        "POST /signin",
        "As `GET`. The body is not read, and nothing changes.",
    )
    @_show_page(
        "GET /error",
        "It is the app's sign-in page.",
    )
    async def show_page(self, request: Request) -> Response:
        """Go to the sign-in page."""
        base_url = self.contexts.origins.base_url(request.scope)
        known = {k: v for k, v in request.query.items() if k in ("callbackUrl", "error", "code")}
        if "callbackUrl" in known:
            known["callbackUrl"] = await self.engine.redirect(known["callbackUrl"], base_url)
        return request.redirect(self.engine.sign_in_url(base_url, **known))

    async def _mail_link(
        self, request: Request, context: RequestContext, provider: Email, email: object, target: str
    ) -> Response:
        """Request a sign-in link; the response doesn't depend on whether there is an account."""
        browser = self.contexts.browser_id(context)
        address = email.strip() if isinstance(email, str) else ""
        wanted = partial(
            SignInRequest,
            callback_url=target,
            origin=context.home,
            language=language_of(request.scope, self.engine.locales, context.cookies),
            browser=browser_hash(browser) if browser else "",
        )
        try:
            if not 0 < len(address) <= _MAX_EMAIL:
                raise EmailSignInError
            address = await cb.call("normalize", partial(provider.normalize, address))
            await self.engine.mail_limit.take(provider.id, folded(address), context.device.ip)
            await cb.call("send", partial(provider.send, wanted(email=address)))
        except StoreUnavailable:
            raise
        except AuthError as error:
            told = error if isinstance(error, SignInError) else EmailSignInError(error.message)
            return self._reject(request, context, told, wanted=target, provider=provider.id)
        return request.redirect(
            f"{context.home}{provider.page}?provider={provider.id}&type={provider.type}"
        )

    async def _identify(
        self,
        request: Request,
        context: RequestContext,
        provider: RedirectProvider,
        state: OAuthState,
    ) -> Login:
        if state.session_id != context.sid:
            message = "The browser's session changed during this sign-in."
            raise OAuthCallbackError(message, reason="member")
        identity = await provider.identify(
            state, request.query, redirect_uri=_redirect_uri(context, provider)
        )
        record = context.record
        is_users = record is not None and record.is_own  # who acts as a user links nothing to them
        current = self.engine.sessions.schema.read(record.user) if record and is_users else None
        login = await self.engine.logins.accept(
            provider, identity, started_at=state.started_at, current=current
        )
        return replace(login, is_remembered=state.is_remembered)

    async def _finish(
        self,
        request: Request,
        context: RequestContext,
        login: Login,
        url: str,
        *,
        as_json: bool = False,
    ) -> Response:
        """Begin the session, unless the `sign_in` callback redirects or a code is missing."""
        if login.redirect_to is not None:
            home = self.contexts.origins.home_of(url, context.home)
            return request.redirect(await self.engine.redirect(login.redirect_to, home))
        tokens = _secrets(context, context.names.remembered)
        if await self.engine.second_factor.is_missing(login.user.id, login.amr, tokens):
            return await self._challenge(request, context, login, url, as_json=as_json)
        record = await self.engine.sessions.begin(
            login.user,
            login.account,
            started_at=login.started_at,
            device=context.device,
            replaces=context.record,
            provider_session=login.provider_session,
            amr=login.amr,
            is_remembered=login.is_remembered,
        )
        response = private_json({"url": url}) if as_json else request.redirect(url)
        self.contexts.set_callback_cookie(response.headers, context, url)
        if context.actor_key:
            context.names.clear(response.headers, context.names.actor)
        self.contexts.sign_in(response.headers, context, record)
        return response

    async def _impersonate(self, context: RequestContext, ticket: LoginTicket) -> Response:
        """Begin a session in which an administrator acts as a user, beside the own one."""
        target = await self.engine.redirect(ticket.callback_url, context.home)
        record, key = await self.engine.impersonations.begin(context.record, ticket, context.device)
        response, names = private_json({"url": target}), context.names
        self.contexts.sign_in(response.headers, context, record)
        names.put(response.headers, names.actor, key, max_age=ActorReturn.MAX_AGE)
        return response

    async def _challenge(
        self, request: Request, context: RequestContext, login: Login, url: str, *, as_json: bool
    ) -> Response:
        """Keep the sign-in until the user has entered a code, in this browser."""
        challenge = login.suspend(
            Challenge,
            self.engine.sessions.schema,
            callback_url=url,
            browser=self.contexts.browser_id(context),
        )
        key = await self.engine.second_factor.challenges.put(challenge)
        further, error = _relative(context.home, url), SecondFactorRequired()
        page = partial(self.engine.code_url, context.home, callbackUrl=further)
        if as_json:
            response = private_json({"url": page()})
        elif request.follows_redirects:
            response = json_error(error, {"url": page(error=error.code, code=error.reason)})
        else:
            response = request.redirect(page())
        names = context.names
        names.put(response.headers, names.challenge, key, max_age=challenge.MAX_AGE)
        return response

    def _is_second_step(self, provider_id: str, credentials: Mapping[str, Any]) -> bool:
        provider = self.engine.providers.get(provider_id)
        account_field = getattr(provider, "account_field", "id")
        has_factor = self.engine.second_factor.factor is not None
        return has_factor and "code" in credentials and account_field not in credentials

    async def _finish_challenge(
        self, request: Request, context: RequestContext, body: Mapping[str, Any]
    ) -> Response:
        service, wanted = self.engine.second_factor, ""
        try:
            key, challenge = await self._find_challenge(context)
            wanted = challenge.callback_url
            login = Login.resume(challenge, self.engine.sessions.schema)
            user, provider = login.user, login.account.provider
            methods = await service.verify(
                user.id, body["code"], device=context.device, provider=provider
            )
            if await service.challenges.consume(key) is None:
                raise _ended()
            login = replace(login, amr=with_second_factor(login.amr, methods))
            response = await self._finish(request, context, login, wanted)
        except SignInError as error:
            is_open = error.reason == "code" or isinstance(error, TooManyAttempts)
            page = self.engine.code_url if is_open else self.engine.sign_in_url
            return self._reject(request, context, error, wanted=wanted, page=page)
        names = context.names
        names.clear(response.headers, names.challenge)
        if service.factor and body.get("remember") in (True, "on", "true"):
            token = await service.factor.remember(user.id, context.device)
            value = _with_secret(context, names.remembered, token)
            names.put(response.headers, names.remembered, value, max_age=REMEMBER_SECONDS)
        return response

    async def _find_challenge(self, context: RequestContext) -> tuple[str, Challenge]:
        browser = self.contexts.browser_id(context)
        for key in context.cookies.get(context.names.challenge, ()):
            challenge = await self.engine.second_factor.challenges.find(key)
            if challenge is not None and browser and challenge.browser == browser:
                return key, challenge
        raise _ended()

    def _reject(
        self,
        request: Request,
        context: RequestContext,
        error: AuthError,
        *,
        wanted: str = "",
        provider: str = "",
        page: Callable[..., str] | None = None,
    ) -> Response:
        """Redirect to the sign-in page with the error, or return it as JSON.

        A program that has to wait gets JSON with `Retry-After`, which no redirect can carry.
        """
        if provider:
            self.engine.trail.add_failure(
                "sign-in-failed", error, device=context.device, provider=provider
            )
        elif isinstance(error, SignInOutdated):
            self.contexts.audit_rejection(request.scope, error)
        home = self.contexts.origins.home_of(wanted, context.home)
        further = _relative(home, wanted)
        url = (page or self.engine.sign_in_url)(
            home, error=error.code, code=error.reason, callbackUrl=further
        )
        has_to_wait = error.retry_after is not None and not wants_page(request.scope)
        if request.follows_redirects or has_to_wait:
            return json_error(error, {"url": url})
        return request.redirect(url)


def _redirect_uri(context: RequestContext, provider: RedirectProvider) -> str:
    return f"{context.base_url}{BASE}/callback/{provider.id}"


def _relative(base_url: str, url: str) -> str:
    """Shorten a URL of the app to its path; the home page needs none."""
    path = url.removeprefix(base_url)
    if path in ("", "/"):
        return ""
    return path if path.startswith("/") else url


def _ended() -> CredentialsSignin:
    return CredentialsSignin("This sign-in took too long. Sign in again.", reason="challenge")


def _secrets(context: RequestContext, name: str) -> list[str]:
    """Read the secrets in a cookie, the newest first."""
    sent = context.cookies.get(name, ())
    return [each for text in sent if _SECRETS.fullmatch(text) for each in text.split(_SEPARATOR)]


def _with_secret(context: RequestContext, name: str, secret: str) -> str:
    """Write a cookie with one more secret; the oldest makes room."""
    return _SEPARATOR.join([secret, *_secrets(context, name)][:_MAX_PENDING])
