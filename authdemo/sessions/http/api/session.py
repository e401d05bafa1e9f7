"""The session: read, update, inspect; and the list of the user's sessions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from starlette.types import Scope

from ...core import events as ev
from ...core.errors import NotAuthenticated
from ...core.record import SessionRecord, UpdateResult
from ...core.serializers import to_public
from ...core.tokens import MAX_TOKEN_BYTES
from ...core.utils import iso, public_id
from ..context import bearer_token
from ..router import BodyRejected, PreconditionFailed, RawHeaders, Request, Response, private_json
from .openapi import ANYONE, MEMBER, MEMBER_POST, Resource, operation, ref, returns

_SESSION = ref("schemas", "Session")
_SUMMARIES = {"type": "array", "items": ref("schemas", "SessionSummary")}
_TAG = re.compile(r'(W/)?"([0-9]{1,15})"')
_updates = partial(
    operation,
    security=MEMBER_POST,
    parameters=["ifMatch", "tab"],
    body="Update",
    form="CsrfToken",
    answers=returns("The updated session.", _SESSION, cookies=True),
    errors="NotAuthenticated Refused RevisionConflict WeakRevision "
    "UpdateRejected TooManyUpdates CallbackFailed",
)


class SessionApi(Resource):
    """The caller's session, and the user's other ones."""

    tag = "session"

    @operation(
        "GET /csrf",
        "Auth.js: `getCsrfToken()`. Every POST needs this token in its body and the cookie that "
        "came with it: a signed double submit. The token is bound to the session, so signing in "
        "or out makes a new one.",
        security=[*ANYONE, *MEMBER],
        answers=returns(
            "The token. The cookie is set unless the browser has a valid one.",
            ref("schemas", "CsrfToken"),
            cookies=True,
        ),
        errors="Refused StoreUnavailable",
    )
    async def csrf(self, request: Request) -> Response:
        """Get a CSRF token."""
        context = await self.contexts.load(request.scope)
        fresh: RawHeaders = []
        token = self.contexts.csrf.find(context.csrf_cookies, context.sid)
        token = token or self.contexts.set_csrf_cookie(fresh, context, context.sid)
        return private_json({"csrfToken": token}).plus(fresh)

    @operation(
        "GET /session",
        "Auth.js: `getSession()`. It returns the newest revision, however old the cookie is. The "
        "cookie is set only if it is behind or due for renewal. It is cleared if its session has "
        "ended, unless a page's script sends the request.",
        security=[*ANYONE, *MEMBER, {"bearer": []}],
        answers=returns(
            "The session, or null if nobody is signed in.",
            {"anyOf": [_SESSION, {"type": "null"}]},
            cookies=True,
        ),
        errors="InvalidToken Refused CallbackFailed StoreUnavailable",
    )
    async def read(self, request: Request) -> Response:
        """Read the session."""
        token = bearer_token(request.scope)
        load = (
            self.contexts.load if token is None else partial(self.contexts.load_bearer, token=token)
        )
        context = await load(request.scope)
        fresh: RawHeaders = []
        record = await self.contexts.renew(fresh, context)
        session = await self.engine.sessions.serializers.to_public(record) if record else None
        if session is not None and self.engine.events.session is not None:
            await ev.notify(self.engine.events.session, session=session, path=request.scope["path"])
        return private_json(session).plus(fresh)

    @_updates(
        "POST /session",
        "Auth.js: `update(data)`. `data` is a patch: fields that it doesn't name stay. All of it "
        "is accepted, or none. Without `data` nothing changes, but the cookie is renewed. A form "
        "has no objects, so it can only renew the cookie.",
    )
    async def update(self, request: Request) -> Response:
        """Update the session."""
        return await self._update(request, partial(self.engine.sessions.update, author="client"))

    async def _update(
        self, request: Request, change: Callable[..., Awaitable[UpdateResult]]
    ) -> Response:
        context, body = await self.contexts.load_post(request)
        record, changes = context.require_record(), body.get("data")
        self.engine.update_limit.count(record.id)
        result = await change(
            record.id,
            {} if changes is None else changes,
            if_rev=_expected_revs(request.scope),
            device=context.device,
            known=record,
        )
        response = private_json(result.session)
        self.contexts.set_session_cookie(response.headers, context, result.record, result.token)
        return response

    @_updates(
        "POST /user",
        "Better Auth: `updateUser(data)`. As `POST /session`, but the app saves the fields where "
        "it keeps its users, and they reach all sessions of the user. Where it keeps none, only "
        "this session changes.",
    )
    async def update_user(self, request: Request) -> Response:
        """Update the user."""
        return await self._update(request, self.engine.users.update)

    @operation(
        "GET /token",
        "Never the token itself, which no script can read.",
        security=MEMBER,
        answers=returns(
            "The token's header and claims (RFC 7519), its size, and the session's latest "
            "revisions, the newest first.",
            ref("schemas", "Inspection"),
            cookies=True,
        ),
        errors="NotAuthenticated Refused StoreUnavailable",
    )
    async def inspect(self, request: Request) -> Response:
        """Inspect the caller's token."""
        context = await self.contexts.load(request.scope)
        if context.verified is None:
            raise NotAuthenticated
        (token, claims, record), names = context.verified, context.names
        history = await self.engine.sessions.store.history(record.id)
        age = claims.exp - claims.iat if record.is_remembered else None
        cookie = {"name": names.session, "attributes": names.attributes(names.session, age)}
        return private_json(
            {
                **self.engine.sessions.serializers.tokens.describe(token),
                "limit": MAX_TOKEN_BYTES,
                "rev": record.rev,
                "history": [entry.model_dump() for entry in reversed(history)],
                "cookie": cookie,
            }
        )

    @operation(
        "GET /sessions",
        "Where the user is signed in, the newest first.",
        security=MEMBER,
        answers=returns("The sessions.", _SUMMARIES),
        errors="NotAuthenticated Refused StoreUnavailable",
    )
    async def list_sessions(self, request: Request) -> Response:
        """List the user's sessions."""
        context = await self.contexts.load(request.scope)
        record = context.require_record()
        return _listed(await self.engine.sessions.list_by_user(record.user_id), record)

    @operation(
        "POST /sessions/revoke",
        "They end at once, in every tab and on every device. If the caller's own session is among "
        "them, its cookie is cleared.",
        security=MEMBER_POST,
        body="Revocation",
        form="RevocationForm",
        answers=returns("The sessions that remain.", _SUMMARIES, cookies=True),
        errors="NotAuthenticated Refused NoSuchSession UnclearChoice",
    )
    async def revoke(self, request: Request) -> Response:
        """End one, the others, or all of the user's sessions."""
        context, body = await self.contexts.load_post(request)
        record, sessions, device = context.require_record(), self.engine.sessions, context.device
        ends_all, ends_others = (request.flag(body, name) for name in ("all", "others"))
        if body.get("id") != public_id(record.id):
            record.check_no_actor()
        if ends_all or ends_others:
            kept = None if ends_all else record.id
            await sessions.end_all(record.user_id, except_id=kept, device=device)
        else:
            unclear = "The field 'id' must be text, or else 'others' or 'all' must be true."
            found = await self.engine.users.find_session(record.user_id, _session_id(body, unclear))
            await sessions.end(found.id, "revoked", device=device)
        remaining = await sessions.list_by_user(record.user_id)
        response = _listed(remaining, record)
        if all(each.id != record.id for each in remaining):
            self.contexts.clear_session(response.headers, context)
        return response

    @operation(
        "POST /sessions/rename",
        "The list of sessions shows the name, and no request depends on it.",
        security=MEMBER_POST,
        body="Renaming",
        answers=returns("The sessions.", _SUMMARIES),
        errors="NotAuthenticated Refused NoSuchSession UpdateRejected TooManyUpdates",
    )
    async def rename(self, request: Request) -> Response:
        """Name one of the user's sessions, such as a device."""
        context, body = await self.contexts.load_post(request)
        record = context.require_record()
        self.engine.update_limit.count(record.id)
        session_id = _session_id(body, "The field 'id' must be text.")
        await self.engine.users.rename_session(
            record, session_id, body.get("name"), device=context.device
        )
        return _listed(await self.engine.sessions.list_by_user(record.user_id), record)


def _listed(records: Iterable[SessionRecord], current: SessionRecord) -> Response:
    return private_json([_summary(each, current.id) for each in records])


def _session_id(body: Mapping[str, Any], message: str) -> str:
    session_id = body.get("id")
    if not isinstance(session_id, str):
        raise BodyRejected(message, 422, field="id")
    return session_id


def _summary(record: SessionRecord, current: str) -> dict[str, Any]:
    summary = {
        "id": public_id(record.id),
        "current": record.id == current,
        "created": iso(record.created_at),
        "last_seen": iso(record.last_seen_at),
        "expires": iso(record.expires_at),
        "name": record.name,
        "rev": record.rev,
        "user_agent": record.device.user_agent,
        "ip": record.device.ip,
    }
    return summary | ({"actor": to_public(record.actor)} if record.actor else {})


def _expected_revs(scope: Scope) -> Collection[int] | None:
    """Read the revisions of `If-Match`; None if any will do."""
    lines = [value for name, value in scope["headers"] if name == b"if-match"]
    field = b",".join(lines).decode("latin-1")
    if not lines or field == "*":
        return None
    items = [item for part in field.split(",") if (item := part.strip(" \t"))]
    tags = [_TAG.fullmatch(item) for item in items]
    if not tags or None in tags:
        raise PreconditionFailed('If-Match takes revisions in quotes, like "3", or *.')
    strong = {int(tag[2]) for tag in tags if tag and not tag[1]}
    if not strong:
        message = 'A weak revision never matches. Send it like "3" in If-Match.'
        raise PreconditionFailed(message, 412)
    return strong
