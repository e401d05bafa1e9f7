"""Sends an experiment's request through the whole app, and reports what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
from starlette.types import ASGIApp

from authdemo.sessions import AuthError, Device, NotAuthenticated
from authdemo.sessions.core.rate_limit import UpdateLimit
from authdemo.sessions.core.record import SessionRecord
from authdemo.sessions.core.settings import Rate
from authdemo.sessions.engine import AuthCore
from authdemo.sessions.errors import NotFound, StoreUnavailable, TokenError, TooManyUpdates
from authdemo.sessions.http.cookies import CookieNames

from .altered import ADDRESS, AlteredRequest, Bench
from .experiments import EXPERIMENTS
from .foreign import foreign
from .stranger import stranger
from .verdicts import Evidence

_AT_MOST: Final = Rate(120, 60)
_LONGEST_BODY = 600


class Workshop:
    """Runs experiments against one app."""

    def __init__(self, auth: AuthCore, app: ASGIApp, *, rate: Rate = _AT_MOST) -> None:
        self._auth = auth
        self._app = app
        self._limit = UpdateLimit(rate)

    async def run(self, key: str, *, sid: str, base_url: str, device: Device) -> dict[str, Any]:
        """Run an experiment on the visitor's own session."""
        experiment = EXPERIMENTS.get(key)
        if experiment is None:
            raise NotFound("This experiment doesn't exist.", reason="experiment")
        self._limit.count(sid)
        bench = Bench(self._auth, await self._find(sid), base_url, device)
        await asyncio.to_thread(foreign, self._auth.settings.keys.signer.algorithm)
        async with self._stranger(bench.record) as other:
            attempt = experiment.make(bench, other)
            answer = await self._send(attempt, bench)
            evidence = await self._evidence(answer, bench)
            refused = await self._why(attempt, evidence)
        return {
            "request": f"{attempt.method} {ADDRESS}",
            "altered": [_shown(each) for each in attempt.altered],
            "status": evidence.status,
            "body": json.dumps(evidence.body, ensure_ascii=False)[:_LONGEST_BODY],
            "set_cookie": list(evidence.cookies),
            "refused": refused,
            "held": experiment.held(evidence),
        }

    async def _find(self, sid: str) -> SessionRecord:
        record = await self._auth.sessions.find(sid)
        if record is None:
            raise NotAuthenticated
        return record

    @contextlib.asynccontextmanager
    async def _stranger(self, record: SessionRecord) -> AsyncIterator[str]:
        """Keep a made-up user's session for a moment: nobody's real one is ever touched."""
        other = stranger(record, now=self._auth.now())
        await self._auth.sessions.store.create(other)
        try:
            yield other.id
        finally:
            with contextlib.suppress(StoreUnavailable):
                await self._auth.sessions.store.delete(other.id)

    async def _send(self, attempt: AlteredRequest, bench: Bench) -> httpx.Response:
        names = self._names(bench)
        pairs = [f"{names.session}={attempt.cookie}"]
        if attempt.csrf is not None:
            pairs.append(f"{names.csrf}={attempt.csrf[1]}")
        headers = {
            b"Cookie": "; ".join(pairs).encode(),
            b"Origin": attempt.origin.encode(),
            b"User-Agent": f"workshop: {bench.device.user_agent}".encode("latin-1", "replace"),
        }
        transport = httpx.ASGITransport(self._app, client=(bench.device.ip or "127.0.0.1", 0))
        async with httpx.AsyncClient(transport=transport, base_url=bench.base_url) as client:
            answer = await client.request(
                attempt.method, ADDRESS, headers=headers, json=attempt.body
            )
        return _conclusive(answer)

    def _names(self, bench: Bench) -> CookieNames:
        return CookieNames.of(bench.base_url, self._auth.settings.cookie_prefix)

    async def _evidence(self, answer: httpx.Response, bench: Bench) -> Evidence:
        sessions, name = self._auth.sessions, self._names(bench).session
        kept = [header for header in answer.headers.get_list("set-cookie") if _is_kept(header)]
        tokens = {header.partition("=")[0]: _value(header) for header in kept}
        record = await sessions.find(bench.record.id)
        verified = None
        if name in tokens:
            with contextlib.suppress(TokenError):
                verified = await sessions.verify(tokens[name])
        return Evidence(
            status=answer.status_code,
            body=_json(answer),
            cookies=tuple(sorted(tokens)),
            session_cookie=name,
            shown_rev=verified.claims.rev if verified else None,
            rev_before=bench.record.rev,
            mark=bench.mark,
            record=record,
            history=await sessions.store.history(bench.record.id),
            public=await sessions.serializers.to_public(record) if record else None,
        )

    async def _why(self, attempt: AlteredRequest, evidence: Evidence) -> dict[str, Any]:
        """Name what refused: the answer says it, or the server asks itself about the token."""
        if isinstance(evidence.body, dict) and "code" in evidence.body:
            return dict(evidence.body)
        try:
            await self._auth.sessions.verify(attempt.cookie)
        except TokenError as error:
            return error.to_dict()
        return {}


def _conclusive(answer: httpx.Response) -> httpx.Response:
    """Pass an answer on, unless the server had no time or means to judge."""
    inconclusive: dict[int, AuthError] = {429: TooManyUpdates(1), 503: StoreUnavailable()}
    if answer.status_code in inconclusive:
        raise inconclusive[answer.status_code]
    return answer


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _is_kept(set_cookie: str) -> bool:
    return "Max-Age=0" not in set_cookie


def _value(set_cookie: str) -> str:
    return set_cookie.partition("=")[2].partition(";")[0]


def _shown(altered: Any) -> dict[str, str]:
    texts = {name: json.dumps(altered[name], ensure_ascii=False) for name in ("before", "after")}
    return {"name": altered["name"], **texts}
