"""Checks events before they run: their rules, and the types of their arguments."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from types import NoneType
from typing import Any, TypeGuard, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from reflex.event import Event, EventHandler
from reflex.state import BaseState

from ...core.errors import AccessDenied, NotAuthenticated, RequestRejected
from ...core.rules import Rule, Verdict
from ...core.session import Session
from ...engine import AuthCore
from ...http.sockets.callers import Caller
from ...http.sockets.connections import Connection
from ..compat import (
    RegistrationContext,
    converted,
    deserializers,
    enqueue,
    find_handler,
    hints_of,
    is_union,
    resolve_type_alias,
)
from ..protected import Guards
from .navigation import Navigation
from .push import TabSync
from .state import SessionState

_ARRAYS = (list, tuple, set, frozenset)
_SCALARS = (str, int, float, bool)


def mismatched_argument(handler: EventHandler, payload: Mapping[str, Any]) -> str | None:
    """Find an argument that a handler's annotations don't allow."""
    hints = hints_of(handler)
    return next(
        (name for name, value in payload.items() if not _matches_hint(value, hints.get(name, Any))),
        None,
    )


def _matches_hint(value: object, hint: Any) -> bool:
    hint = resolve_type_alias(hint)
    try:
        value = converted(value, hint)
    except Exception:  # noqa: BLE001 - an app's own types may raise anything
        return False
    return _is_instance(value, hint)


def _is_instance(value: object, hint: Any) -> bool:
    if is_union(hint):
        return any(_is_instance(value, resolve_type_alias(each)) for each in get_args(hint))
    kind = get_origin(hint) or hint
    if kind is NoneType:
        return value is None
    if not isinstance(kind, type):
        return True
    if issubclass(kind, (Mapping, BaseModel)) or is_dataclass(kind):
        return _is_object(value) and (not is_dataclass(kind) or _has_fields(value, kind))
    if issubclass(kind, _ARRAYS) or kind is Sequence:
        return isinstance(value, list)
    return _is_value(value, kind)


def _is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _has_fields(value: Mapping[str, Any], kind: type) -> bool:
    """Judge field by field, since dataclasses take whatever they are given."""
    hints = _hints_of(kind)
    return all(_matches_hint(each, hints.get(name, Any)) for name, each in value.items())


@functools.cache
def _hints_of(kind: type) -> Mapping[str, Any]:
    try:
        return get_type_hints(kind)
    except NameError:  # it is defined where its names can't be found
        return {}


def _is_value(value: object, kind: type) -> bool:
    if not issubclass(kind, Enum):
        return kind not in _SCALARS or _is_scalar(value, kind)
    try:
        kind(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_scalar(value: object, kind: type) -> bool:
    """Browsers send numbers as text, and nothing for a field that was emptied."""
    read: Any = deserializers.get(kind)
    if isinstance(value, str) and value and read is not None:
        try:
            read(value)
        except ValueError:
            return False
    return value is None or isinstance(value, _SCALARS)


@dataclass(frozen=True, eq=False)
class EventGuard:
    """Turns events away that are not for their sender, and lets them in when they are."""

    auth: AuthCore
    guards: Guards
    tab_sync: TabSync
    navigation: Navigation
    _registry: RegistrationContext = field(default_factory=RegistrationContext.get, init=False)

    async def authorize(self, state: BaseState, event: Event, caller: Caller | None) -> bool:
        """Judge an event."""
        rule = self._rule(event.name)
        if rule is None:
            return True
        verdict = await self._judge(rule, caller)
        if verdict is Verdict.GRANTED:
            return True
        connection = caller.connection if caller else None
        self.tab_sync.note_refusal(connection, event.name, verdict.value)
        await self._reject(state, event, rule, verdict, caller)
        return False

    async def run_deferred(self, state: BaseState, caller: Caller | None) -> None:
        """Run the event that waited for its sender to sign in, now that it may."""
        session = _session_of(caller)
        if session is None:
            return
        session_state = await state.get_state(SessionState)
        waiting = session_state.deferred_event(user_id=session.user.id, at=self.auth.clock())
        if waiting is None:
            return
        rule = self._rule(waiting["name"])
        if rule is None or await self._judge(rule, caller) is Verdict.GRANTED:
            session_state.discard_deferred()
            await enqueue(waiting["name"], waiting["payload"])

    async def authorize_files(
        self, name: str, session: Session | None, connection: Connection
    ) -> None:
        """Authorize an event that brings files, before they are read."""
        if find_handler(self._registry, name) is None:
            raise RequestRejected("The files are for no event handler of this app.")
        rule = self._rule(name)
        verdict = await rule.decide(session, self.auth.clock) if rule else Verdict.GRANTED
        if verdict is Verdict.GRANTED:
            return

        async def redirect(state: BaseState) -> None:
            self._redirect(await state.get_state(SessionState), verdict, connection)

        self.tab_sync.spawn(self.tab_sync.modify_tab(connection.tab, redirect))
        if verdict is Verdict.SIGN_IN:
            raise NotAuthenticated("Sign in to send files.")
        raise AccessDenied("You don't have permission to do this.", reason="event")

    def _rule(self, name: str) -> Rule | None:
        known = find_handler(self._registry, name)
        return self.guards.of_event(*known) if known else None

    async def _judge(self, rule: Rule, caller: Caller | None) -> Verdict:
        return await rule.decide(_session_of(caller), self.auth.clock)

    async def _reject(
        self,
        state: BaseState,
        event: Event,
        rule: Rule,
        verdict: Verdict,
        caller: Caller | None,
    ) -> None:
        session_state = await state.get_state(SessionState)
        session = _session_of(caller)
        if verdict is not Verdict.DENIED and (rule.replay or verdict is Verdict.CONFIRM):
            owner = session.user.id if session else ""
            session_state.defer_event(
                event.name, event.payload, user_id=owner, at=self.auth.clock()
            )
        self._redirect(session_state, verdict, caller.connection if caller else None)

    def _redirect(
        self, session_state: SessionState, verdict: Verdict, connection: Connection | None
    ) -> None:
        """Tell a tab what to do about an event that its sender may not have run."""
        if verdict is Verdict.DENIED:
            session_state.set_error(
                AccessDenied("You don't have permission to do this.", reason="event")
            )
        elif verdict is Verdict.CONFIRM:
            session_state.redirect_url = self.auth.confirm_url(
                connection.address if connection else "/"
            )
        else:
            session_state.redirect_url = self.navigation.sign_in_url(connection)


def _session_of(caller: Caller | None) -> Session | None:
    return caller.connection.session if caller and caller.sid and caller.is_valid else None
