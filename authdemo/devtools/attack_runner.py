"""Sends the request of an attack through the whole app, and judges the answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from authdemo.forgery import RealToken, foreign_key
from authdemo.sessions import AuthError, Device
from authdemo.sessions.errors import NotFound, StoreUnavailable, TooManyUpdates

from .attacks import ATTACKS, AttackRequest, Evidence, Target

SESSION_PATH = "/api/auth/session"
_CSRF_PATH = "/api/auth/csrf"
_MAX_BODY = 600
_INCONCLUSIVE: Mapping[int, AuthError] = {429: TooManyUpdates(), 503: StoreUnavailable()}
"""The answers of a server that had no time or no means to judge a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackRunner:
    """Attacks one session of an app.

    Attributes:
        app: The whole app, as a server sees it.
        origin: The app's origin.
        session_cookie: The name of its session cookie.
        csrf_cookie: The name of its cookie with the CSRF token.
        device: Where the user is.
        token: A good token of the user's session.
        verify: Verifies a token, and raises an `AuthError` that says what is wrong.
        stored: Finds everything that is stored of the session, as text; raises an `AuthError` once
            it has ended.
    """

    app: Any
    origin: str
    session_cookie: str
    csrf_cookie: str
    device: Device
    token: RealToken
    verify: Callable[[str], Awaitable[object]]
    stored: Callable[[], Awaitable[str]]

    async def run(self, key: str) -> dict[str, Any]:
        """Run an attack, and describe it for the page: no credential is in the description."""
        attack = ATTACKS.get(key)
        if attack is None:
            raise NotFound("This attack doesn't exist.", reason="attack")
        await asyncio.to_thread(foreign_key, self.token.key.algorithm)
        target = Target(
            self.token, self.origin, await self._csrf(self.token.text), await self._csrf("")
        )
        request, before = attack.make(target), await self._session()
        answer = await self._send(request, SESSION_PATH)
        cookies = _cookies(answer)
        body = _json(answer)
        evidence = Evidence(
            status=answer.status_code,
            body=body,
            keeps_cookie=self.session_cookie in cookies,
            cookie_rev=self._rev(cookies),
            rev=before["rev"] if before else 0,
            after=await self._session(),
            is_marked=target.mark in str((body, await self.stored())),
        )
        return {
            "request": f"{request.method} {SESSION_PATH}",
            "altered": [_shown(*each) for each in request.altered],
            "status": evidence.status,
            "body": json.dumps(body, ensure_ascii=False)[:_MAX_BODY],
            "cookies": sorted(cookies),
            "reason": await self._reason(request, body),
            "passed": attack.is_passed(evidence),
        }

    async def _csrf(self, token: str) -> tuple[str, str]:
        """Fetch a CSRF token and its cookie: the session's, or those of a new browser."""
        answer = await self._send(AttackRequest(token=token, origin=self.origin), _CSRF_PATH)
        return answer.json()["csrfToken"], _cookies(answer)[self.csrf_cookie]

    async def _session(self) -> dict[str, Any] | None:
        """Read the session with the good token."""
        request = AttackRequest(token=self.token.text, origin=self.origin)
        session: dict[str, Any] | None = _json(await self._send(request, SESSION_PATH))
        return session

    async def _send(self, request: AttackRequest, path: str) -> httpx.Response:
        cookies = {self.session_cookie: request.token, self.csrf_cookie: request.csrf_cookie}
        headers = {
            b"Cookie": "; ".join(f"{n}={value}" for n, value in cookies.items() if value).encode(),
            b"Origin": request.origin.encode(),
            b"User-Agent": f"attacks: {self.device.user_agent}".encode("latin-1", "replace"),
        }
        transport = httpx.ASGITransport(self.app, client=(self.device.ip or "127.0.0.1", 0))
        async with httpx.AsyncClient(transport=transport, base_url=self.origin) as client:
            answer = await client.request(request.method, path, headers=headers, json=request.body)
        if answer.status_code in _INCONCLUSIVE:
            raise _INCONCLUSIVE[answer.status_code]
        return answer

    def _rev(self, cookies: Mapping[str, str]) -> int | None:
        """Read the revision in the new session cookie."""
        if self.session_cookie not in cookies:
            return None
        rev: int = RealToken(cookies[self.session_cookie], self.token.key).payload["rev"]
        return rev

    async def _reason(self, request: AttackRequest, body: Any) -> dict[str, Any]:
        """Find what rejected the request: the answer says it, or verifying the token does."""
        if isinstance(body, dict) and "code" in body:
            return body
        try:
            await self.verify(request.token)
        except AuthError as error:
            return error.to_dict()
        return {}


def _cookies(answer: httpx.Response) -> dict[str, str]:
    """List the cookies that an answer sets, without those that it deletes."""
    headers = answer.headers.get_list("set-cookie")
    pairs = (header.partition(";")[0] for header in headers if "Max-Age=0" not in header)
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _shown(name: str, before: Any, after: Any) -> dict[str, str]:
    values = {"before": before, "after": after}
    texts = {which: json.dumps(each, ensure_ascii=False) for which, each in values.items()}
    return {"name": name, **texts}
