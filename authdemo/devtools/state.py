"""All sessions of a user with their changes, live in the tabs that show them."""

from __future__ import annotations

import asyncio
import json
import re
import time
import uuid
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import reflex as rx

from authdemo.sessions import ActiveSession, Auth, AuthError, Device, SessionChange
from authdemo.sessions.errors import AccessDenied, StoreUnavailable

from .access import access, require_access
from .attacks import ATTACKS

try:
    import ua_parser
except ModuleNotFoundError:  # without the extra `devtools`
    ua_parser = None  # type: ignore[assignment]
else:
    ua_parser.parse("")  # the first one compiles the patterns, which takes long for an event loop

MAX_CHANGES = 50
"""How many changes of the user's other sessions are listed."""

REFRESH_SECONDS = 5.0
"""How often the sessions are read again without a change: a killed worker publishes none."""

PAUSE_SECONDS = 0.1
"""How long to wait after a read, so that a burst of changes is few."""

EXPIRY_SECONDS = 10
"""When a session ends that is to expire."""

CLOSED_SECONDS = 60.0
"""How long a tab is followed after its socket closed, as it may reconnect."""

_LOCALES = Path(__file__).parent / "locales"
_LANGUAGES = frozenset(file.stem for file in _LOCALES.glob("*.json"))
_PRODUCT = re.compile(r"[\w.-]{1,40}")


@lru_cache(maxsize=1024)
def client_name(user_agent: str) -> tuple[str, str]:
    """Name the browser and the system of a `User-Agent` (RFC 9110, section 10.1.5)."""
    found = ua_parser.parse(user_agent) if ua_parser else None
    system = found.os.family if found and found.os else ""
    if found and (browser := found.user_agent):
        return f"{browser.family} {browser.major or ''}".strip(), system
    product = _PRODUCT.match(user_agent)
    return product[0] if product else "", system


class DevtoolsState(rx.State):
    """The sessions that a tab shows to their user, and the changes of them."""

    sessions: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    changes: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    tab: str = ""
    facts: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    _follower: str = ""

    @rx.event
    def watch(self, language: str = "en") -> Any:
        """Show the sessions, and keep them up to date."""
        session = Auth.installed().current(self)
        if not (access.is_open or (session and access.allows(session))):
            return None
        self._follower = uuid.uuid4().hex
        self.facts = _facts(language if language in _LANGUAGES else "en")
        follow: Any = DevtoolsState.follow
        return follow(self._follower)

    @rx.event
    def leave(self) -> None:
        """Stop: the page is gone."""
        self.reset()

    @rx.event
    async def act(self, action: str, field: str, value: str) -> None:
        """Do what a button of the panel asks for: with the user's own session, and no more."""
        self.error = {}
        try:
            await self._act(action, field, value)
        except AuthError as error:
            self.error = error.to_dict()

    async def _act(self, action: str, field: str, value: str) -> None:
        auth, session = Auth.installed(), await require_access(self)
        if action == "refresh":
            await auth.refresh(session.user.id)
        elif action == "expire":
            record = await auth.engine.require_record(self)
            await auth.engine.expire(record, seconds=EXPIRY_SECONDS, device=auth.device(self))
        elif action == "update" and (access.is_open or field in _client_fields()):
            await auth.update(self, **{field: value})
        else:
            raise AccessDenied("You don't have permission to do this.", reason="event")

    @rx.event(background=True)
    async def follow(self, follower: str) -> None:
        """Follow the sessions until the tab leaves, closes or has another follower.

        It belongs to the session that it began with, and is cancelled when that ends.
        """
        auth = Auth.installed()
        current = auth.current(self)
        if current is None or not access.allows(current):
            return
        tab, last_open = auth.device(self).tab, time.monotonic()
        async with aclosing(_ticks(auth, current.user.id)) as ticks:
            async for _ in ticks:
                with suppress(StoreUnavailable):
                    listed = await auth.sessions_of(current.user.id, history=True)
                    is_open = _is_open(tab, current.id, listed)
                    async with self:
                        if not follower or self._follower != follower:
                            return
                        if is_open:
                            _show(self, listed, current.id, tab)
                            last_open = time.monotonic()
                if time.monotonic() - last_open > CLOSED_SECONDS:
                    return


async def _ticks(auth: Auth, user_id: str) -> AsyncGenerator[None, None]:
    """Yield at once, after each change of a user's sessions, and every few seconds."""
    changed = asyncio.Event()

    def listen(change: SessionChange) -> None:
        if change.user_id in ("", user_id):
            changed.set()

    stop = auth.on_change(listen)
    try:
        while True:
            changed.clear()
            yield
            await asyncio.sleep(PAUSE_SECONDS)
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), REFRESH_SECONDS)
    finally:
        stop()


def _facts(language: str) -> dict[str, Any]:
    """Describe the app, for those who use the devtools: no page has it."""
    model = Auth.installed().engine.sessions.schema.user
    return {
        "texts": _texts(language),
        "fields": _client_fields(),
        "isOpen": access.is_open,
        "model": {
            "module": model.__module__,
            "name": model.__qualname__,
            "fields": list(model.model_fields),
        },
        "attacks": [{"name": name, "stands": attack.stands} for name, attack in ATTACKS.items()],
    }


@cache
def _texts(language: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((_LOCALES / f"{language}.json").read_text("utf-8"))
    return texts


def _client_fields() -> list[str]:
    """List the fields that a client may change."""
    return sorted(Auth.installed().engine.sessions.schema.update.model_fields)


def _is_open(tab: str, session_id: str, listed: Iterable[ActiveSession]) -> bool:
    return any(tab in each.tabs for each in listed if each.id == session_id)


def _show(state: DevtoolsState, listed: list[ActiveSession], current: str, tab: str) -> None:
    values = {
        "sessions": [_session(each, is_current=each.id == current) for each in listed],
        "changes": _changes(listed, current),
        "tab": tab,
    }
    for name, value in values.items():
        if getattr(state, name) != value:
            setattr(state, name, value)


def _session(session: ActiveSession, *, is_current: bool) -> dict[str, Any]:
    return {
        "id": session.id,
        "current": is_current,
        "created": session.created.timestamp(),
        "last_seen": session.last_seen.timestamp(),
        "expires": session.expires.timestamp(),
        "rev": session.rev,
        "provider": session.provider,
        "amr": list(session.amr),
        "name": session.name,
        "actor": session.actor.name if session.actor else "",
        **_client(session.device),
        "tabs": sorted(session.tabs),
    }


def _changes(listed: Iterable[ActiveSession], current: str) -> list[dict[str, Any]]:
    """List the changes of all sessions, newest first."""
    changes = [each for session in listed for each in _changes_of(session, current)]
    changes.sort(key=_age)
    others = [change for change in changes if not change["current"]][:MAX_CHANGES]
    return sorted([change for change in changes if change["current"]] + others, key=_age)


def _age(change: dict[str, Any]) -> float:
    return -float(change["at"])


def _changes_of(session: ActiveSession, current: str) -> Iterable[dict[str, Any]]:
    for entry in session.history:
        yield {
            "key": f"{session.id[:8]}-{entry.rev}-{entry.at:.6f}",
            "session": session.id,
            "current": session.id == current,
            "rev": entry.rev,
            "at": entry.at,
            "cause": entry.cause,
            "tab": entry.tab,
            "actor": _actor(session, entry.actor),
            **_client(entry.device or session.device),
            "changes": [
                {"field": name, "old": change.old, "new": change.new}
                for name, change in entry.changes.items()
            ],
        }


def _actor(session: ActiveSession, actor_id: str) -> str:
    """Name the administrator who acted as the user, as long as the session is theirs."""
    actor = session.actor
    return actor.name if actor and actor.id == actor_id else actor_id


def _client(device: Device) -> dict[str, str]:
    browser, system = client_name(device.user_agent)
    return {"browser": browser, "system": system, "ip": device.ip}
