"""The session, its update, and the list of sessions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from pydantic import ValidationError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema
from starlette.types import ASGIApp

from ...core import events as ev
from ...core.callbacks import Account
from ...core.errors import (
    AuthError,
    MethodNotAllowed,
    NotAuthenticated,
    NotFound,
    RequestRejected,
    SignInError,
    SignInOutdated,
    TicketRejected,
    UnknownProvider,
)
from ...core.one_time import redeem_ticket
from ...core.record import Device, SessionRecord
from ...core.schema import UserSchema
from ...core.sessions import SessionService
from ...core.utils import iso, public_id
from ...engine import AuthCore
from ...login import Granted
from ...providers.base import RedirectProvider
from .. import cookies, requests, responses
from ..context import RequestContext, RequestContexts, device_of
from ..cookies import RawHeaders
from ..headers import expected_revs
from ..requests import Request
from ..responses import BodyRejected, MessageRejected, Response
from ..router import NAME, Endpoint, Router
from .signin import ProviderSignIn, SigningIn, redirect
from .signout import BackChannel, SigningOut


class _Models(GenerateJsonSchema):
    """Says of a model what matters to who sends or gets it."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave defaults out: what a client doesn't name stays as it is."""
        return self.generate_inner(schema["schema"])

    def field_is_required(self, *arguments: Any, **options: Any) -> bool:
        """Promise every field to who gets a user."""
        return self.mode == "serialization" or super().field_is_required(*arguments, **options)

    def handle_invalid_for_json_schema(self, *_: Any) -> JsonSchemaValue:
        """Promise nothing about a type that JSON Schema has no words for."""
        return {}


def describe(auth: AuthCore) -> dict[str, Any]:
    """Describe an app's `/api/auth`."""
    source = resources.files(__package__).joinpath("openapi.json")
    text = source.read_text("utf-8").replace("authjs.", f"{auth.settings.cookie_prefix}.")
    document: dict[str, Any] = json.loads(text)
    components = document["components"]
    components["parameters"]["provider"]["schema"]["enum"] = list(auth.providers)
    components["schemas"] |= _models(auth.sessions.schema)
    if "session" in auth.callbacks.own:
        components["schemas"]["Session"] = {
            "description": "What the app's `session` callback shows of the session.",
        }
    return document


def _models(schema: UserSchema) -> dict[str, JsonSchemaValue]:
    """Describe the app's models, under names that are not ours."""
    references, described = models_json_schema(
        [(schema.user, "serialization"), (schema.update, "validation")],
        ref_template="#/components/schemas/app.{model}",
        schema_generator=_Models,
    )
    models = {f"app.{name}": model for name, model in described["$defs"].items()}
    for model in models.values():
        model["description"] = model.get("description", "").partition("\n")[0]
    return {
        **models,
        "User": references[schema.user, "serialization"],
        "UserUpdate": references[schema.update, "validation"],
    }


_IN_FORMS = {"true": True, "false": False}


async def end(
    sessions: SessionService,
    current: SessionRecord,
    body: Mapping[str, Any],
    *,
    device: Device,
    is_form: bool,
) -> None:
    """End what is asked for of a user's sessions: all, all but the one that asks, or one."""
    are_all = _is_chosen(body, "all", is_form=is_form)
    are_others = _is_chosen(body, "others", is_form=is_form)
    if are_all:
        await sessions.end_all(current.user_id, device=device)
    elif are_others:
        await sessions.end_all(current.user_id, except_id=current.id, device=device)
    else:
        sid = await _own(sessions, current.user_id, body.get("id"))
        await sessions.end(sid, "revoked", device=device)


def _is_chosen(body: Mapping[str, Any], name: str, *, is_form: bool) -> bool:
    value = body.get(name)
    flag = _IN_FORMS.get(value, value) if is_form and isinstance(value, str) else value
    if not isinstance(flag, bool | None):
        raise BodyRejected(f"The field {name!r} must be true.", 422, field=name)
    return bool(flag)


async def _own(sessions: SessionService, user_id: str, chosen: object) -> str:
    """Find the session that has a name in the list."""
    if not isinstance(chosen, str):
        which = "The field 'id' must be text, or else 'others' or 'all' must be true."
        raise BodyRejected(which, 422, field="id")
    own = {public_id(record.id): record.id for record in await sessions.list_by_user(user_id)}
    if chosen not in own:
        raise NotFound("You don't have this session.", reason="session")
    return own[chosen]


BASE = "/api/auth"


class Endpoints:
    """Answers the requests of `/api/auth`."""

    def __init__(self, auth: AuthCore, contexts: RequestContexts) -> None:
        self._auth = auth
        self._contexts = contexts
        self._signing_in = SigningIn(auth, contexts)
        self._federation = ProviderSignIn(auth, self._signing_in, BASE)
        self.signing_out = SigningOut(auth, contexts, BASE)
        self._back_channel = BackChannel(auth)
        self._description = describe(auth)

    @property
    def table(self) -> Mapping[str, Mapping[str, Endpoint]]:
        """What answers each method at each path below `/api/auth`."""
        return {
            "/openapi.json": {"GET": self.description},
            "/jwks": {"GET": self.jwks},
            "/providers": {"GET": self.providers},
            "/csrf": {"GET": self.csrf},
            "/session": {"GET": self.read, "POST": self.update},
            f"/callback/{NAME}": {"GET": self.oauth_callback, "POST": self.sign_in},
            "/ticket": {"POST": self.redeem},
            f"/signin/{NAME}": {"GET": self.show_sign_in_with, "POST": self.start_sign_in},
            "/signin": {"GET": self.show_sign_in, "POST": self.show_sign_in},
            "/error": {"GET": self.show_sign_in},
            "/signout": {"GET": self.show_home, "POST": self.sign_out},
            f"/signout/{NAME}": {"GET": self.signing_out.go},
            f"/post-logout/{NAME}": {"GET": self.signing_out.oauth_callback},
            f"/backchannel-logout/{NAME}": {"POST": self._back_channel.hear},
            "/token": {"GET": self.inspect},
            "/sessions": {"GET": self.list_sessions},
            "/sessions/revoke": {"POST": self.revoke},
        }

    def in_front_of(self, app: ASGIApp) -> Router:
        """Answer what is for `/api/auth`, and leave the rest to an app."""
        return Router(app, base=BASE, table=self.table, on_error=self._note_refusal)

    async def description(self, _: Request) -> Response:
        """`GET json`: all of this, for programs to read."""
        return responses.public_json(self._description)

    async def jwks(self, _: Request) -> Response:
        """`GET jwks`: the public keys, for services that verify tokens (RFC 7517)."""
        return responses.public_json(self._auth.settings.keys.jwks)

    async def providers(self, request: Request) -> Response:
        """`GET providers`: the ways to sign in."""
        base_url = self._contexts.origins.base_url(request.scope)
        return responses.private_json(
            {
                provider.id: {
                    "id": provider.id,
                    "name": provider.name,
                    "type": provider.type,
                    "signinUrl": f"{base_url}{BASE}/signin/{provider.id}",
                    "callbackUrl": f"{base_url}{BASE}/callback/{provider.id}",
                }
                for provider in self._auth.providers.values()
            }
        )

    async def csrf(self, request: Request) -> Response:
        """`GET csrf`: the token that every POST must bring in its body."""
        context = await self._contexts.load(request.scope)
        fresh: RawHeaders = []
        token = self._contexts.csrf.find(context.csrf_cookies, context.sid)
        token = token or self._contexts.set_csrf_cookie(fresh, context, context.sid)
        return responses.private_json({"csrfToken": token}).plus(fresh)

    async def read(self, request: Request) -> Response:
        """`GET session`: the public session, or `null`."""
        context = await self._contexts.load(request.scope)
        fresh: RawHeaders = []
        record = await self._contexts.renew(fresh, context)
        session = await self._auth.sessions.serializers.to_public(record) if record else None
        if session is not None:
            await ev.notify(self._auth.events.session, session=session, path=request.path)
        return responses.private_json(session).plus(fresh)

    async def update(self, request: Request) -> Response:
        """`POST session`: a client's update."""
        context, body = await self._receive(request)
        record, asked = context.record, body.get("data")
        if record is None:
            raise NotAuthenticated
        self._auth.update_limit.count(record.id)
        updated = await self._auth.sessions.update(
            record.id,
            {} if asked is None else asked,
            author="client",
            if_rev=expected_revs(request.scope),
            device=context.device,
            known=record,
        )
        answer = responses.private_json(updated.session)
        self._contexts.set_session_cookie(answer.headers, context, updated.record, updated.token)
        return answer

    async def sign_in(self, request: Request) -> Response:
        """`POST callback/<provider>`: sign in with credentials."""
        context, body = await self._receive(request, for_redirect=True)
        wanted = _wanted_url(request, body) or self._signing_in.remembered_url(context)
        credentials = {k: v for k, v in body.items() if k not in ("csrfToken", "callbackUrl")}
        try:
            async with request.watched() as has_left:
                granted = await self._auth.admission.authorize(
                    request.name, credentials, device=context.device, has_left=has_left
                )
            target = await self._auth.redirect(wanted, context.base_url)
            return await self._signing_in.admit(request, context, granted, target)
        except SignInError as error:
            if isinstance(error, SignInOutdated):
                self._note_refusal(request, error)
            return self._signing_in.refuse(request, context, error)

    async def redeem(self, request: Request) -> Response:
        """`POST ticket`: exchange a sign-in ticket for the session cookie."""
        context, body = await self._receive(request)
        key, browser = str(body.get("ticket")), self._contexts.browser_id(context)
        ticket = await redeem_ticket(self._auth.tickets, key, browser=browser)
        try:
            user = self._auth.sessions.schema.read_older(ticket.user)
            provider = self._auth.admission.provider(ticket.provider)
        except (ValidationError, UnknownProvider) as error:  # another version has issued it
            raise TicketRejected("This sign-in took too long. Sign in again.") from error
        account = Account(provider.id, provider.type)
        target = await self._auth.redirect(ticket.callback_url, context.base_url)
        granted = Granted(user, account, ticket.started_at)
        return await self._signing_in.admit(request, context, granted, target, as_json=True)

    async def start_sign_in(self, request: Request) -> Response:
        """`POST signin/<provider>`: credentials are asked for on the app's own page."""
        provider = self._auth.admission.provider(request.name)
        context, body = await self._receive(request, for_redirect=True)
        target = await self._auth.redirect(_wanted_url(request, body), context.base_url)
        if isinstance(provider, RedirectProvider):
            return await self._federation.leave(request, context, provider, target)
        return redirect(request, self._auth.sign_in_url(context.base_url, callbackUrl=target))

    async def oauth_callback(self, request: Request) -> Response:
        """`GET callback/<provider>`: somebody comes back from a provider."""
        provider = self._auth.admission.provider(request.name)
        if not isinstance(provider, RedirectProvider):
            raise MethodNotAllowed("Credentials are sent by POST.", allowed=["POST"])
        context = request.context = await self._contexts.load(request.scope)
        return await self._federation.arrive(request, context, provider)

    async def show_sign_in_with(self, request: Request) -> Response:
        """`GET signin/<provider>`: the same page, if there is that provider."""
        self._auth.admission.provider(request.name)
        return await self.show_sign_in(request)

    async def show_sign_in(self, request: Request) -> Response:
        """`GET signin` and `GET error`: the app's own page says it."""
        base_url = self._contexts.origins.base_url(request.scope)
        query = {k: v for k, v in request.query.items() if k in ("callbackUrl", "error", "code")}
        if "callbackUrl" in query:
            query["callbackUrl"] = await self._auth.redirect(query["callbackUrl"], base_url)
        return redirect(request, self._auth.sign_in_url(base_url, **query))

    async def show_home(self, request: Request) -> Response:
        """`GET signout` changes nothing: signing out takes a POST."""
        return redirect(request, self._contexts.origins.base_url(request.scope))

    async def sign_out(self, request: Request) -> Response:
        """`POST signout`: end the session, here and wherever its cookie was copied to."""
        context, body = await self._receive(request, for_redirect=True)
        wanted = _wanted_url(request, body)
        if context.record is not None:
            await self._auth.sessions.end(context.record.id, "signed-out", device=context.device)
        target, way = await self._target(context, wanted), None
        if context.record is not None:
            way = await self.signing_out.provider_logout_url(
                context.record, context.base_url, target
            )
        answer = redirect(request, way or target)
        self._signing_in.remember(answer, context, target)
        if context.has_own_token:
            self._contexts.clear_session_cookie(answer.headers, context)
        self._contexts.set_csrf_cookie(answer.headers, context, "")
        return answer

    async def inspect(self, request: Request) -> Response:
        """`GET token`: what the visitor's own token says, however old; never the token itself."""
        context = await self._contexts.load(request.scope)
        if context.verified is None:
            raise NotAuthenticated
        token, claims, names = context.verified.token, context.verified.claims, context.names
        history = await self._auth.sessions.store.history(context.sid)
        shown = self._auth.sessions.serializers.token_details(
            token, context.verified.record, history
        )
        life = cookies.attributes(secure=names.secure, max_age=claims.exp - claims.iat)
        return responses.private_json(
            {**shown, "cookie": {"name": names.session, "attributes": life}}
        )

    async def list_sessions(self, request: Request) -> Response:
        """`GET sessions`: where the user is signed in."""
        context = await self._contexts.load(request.scope)
        if context.record is None:
            raise NotAuthenticated
        records = await self._auth.sessions.list_by_user(context.record.user_id)
        return responses.private_json([_summary(record, context.sid) for record in records])

    async def revoke(self, request: Request) -> Response:
        """`POST sessions/revoke`: end one, the others, or all of the user's sessions."""
        context, body = await self._receive(request)
        if context.record is None:
            raise NotAuthenticated
        is_form = requests.is_form(request)
        await end(self._auth.sessions, context.record, body, device=context.device, is_form=is_form)
        remaining = await self._auth.sessions.list_by_user(context.record.user_id)
        answer = responses.private_json([_summary(record, context.sid) for record in remaining])
        if all(record.id != context.sid for record in remaining):
            self._contexts.clear_session_cookie(answer.headers, context)
            self._contexts.set_csrf_cookie(answer.headers, context, "")
        return answer

    async def _target(self, context: RequestContext, wanted: str) -> str:
        """Decide where to go from a session that is over, whatever the app's callback says."""
        try:
            return await self._auth.redirect(wanted, context.base_url)
        except AuthError:
            return context.base_url

    async def _receive(
        self, request: Request, *, for_redirect: bool = False
    ) -> tuple[RequestContext, dict[str, Any]]:
        """Receive a POST: from our own pages, readable, and with its CSRF token."""
        self._contexts.origins.check(request.scope)
        body = await requests.read(request)
        context = request.context = await self._contexts.load(request.scope)
        try:
            self._contexts.csrf.check(context.csrf_cookies, context.sid, body.get("csrfToken"))
        except RequestRejected as error:
            if for_redirect:
                why = {"error": "MissingCSRF", "code": error.reason}
                known = {name: value for name, value in why.items() if value}
                error.url = self._auth.sign_in_url(context.base_url, **known)
            raise
        return context, body

    def _note_refusal(self, request: Request, error: AuthError) -> None:
        """Keep what was denied in mind; what was merely misspelled is no refusal."""
        if isinstance(error, MessageRejected | NotFound | MethodNotAllowed):
            return
        context = request.context
        self._auth.trail.refused(
            error,
            path=request.path,
            record=context.record if context else None,
            device=device_of(request.scope),
        )


def _summary(record: SessionRecord, current: str) -> dict[str, Any]:
    return {
        "id": public_id(record.id),
        "current": record.id == current,
        "created": iso(record.created),
        "last_seen": iso(record.last_seen),
        "expires": iso(record.expires),
        "rev": record.rev,
        "user_agent": record.device.user_agent,
        "ip": record.device.ip,
    }


def _wanted_url(request: Request, body: dict[str, Any]) -> str:
    """Read where the sender wants to go: as in Auth.js, the body says it, or else the query."""
    wanted = body.get("callbackUrl")
    if not isinstance(wanted, str | None):
        raise BodyRejected("The field 'callbackUrl' must be text.", field="callbackUrl")
    return wanted or request.query.get("callbackUrl", "")
