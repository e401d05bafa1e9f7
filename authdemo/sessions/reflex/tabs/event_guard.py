"""Decides before each event whether its sender may have it run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reflex_base.event.context import EventContext
from reflex_base.registry import RegistrationContext

from ...core.errors import AccessDenied, NotAuthenticated, RequestRefused
from ...core.guard import Rule, Verdict
from ...core.session import Session
from ...http.sockets.callers import Caller
from ...http.sockets.connections import Connection
from ...setup.auth import AuthCore
from ..protection.guards import Guards
from .live import Live
from .state import SessionState
from .ways import Ways

if TYPE_CHECKING:
    from reflex.event import Event
    from reflex.state import BaseState


class EventGuard:
    """Turns events away that are not for their sender, and lets them in when they are."""

    def __init__(self, auth: AuthCore, guards: Guards, live: Live, ways: Ways) -> None:
        """Guard an app's events.

        Args:
            auth: The app's sessions.
            guards: Knows which events are for whom.
            live: Knows the tabs and their sessions.
            ways: Knows where tabs have to go.
        """
        self._auth = auth
        self._guards = guards
        self._live = live
        self._ways = ways
        self._registry = RegistrationContext.get()

    async def admits(self, state: BaseState, event: Event, caller: Caller | None) -> bool:
        """Judge an event.

        Args:
            state: The tab's state, in line with its session.
            event: The event.
            caller: The event's caller.

        Returns:
            Whether it may run. If not, the tab is told what to do about it.
        """
        rule = self._rule(event.name)
        if rule is None:
            return True
        verdict = await self._judge(rule, caller)
        if verdict is Verdict.GRANTED:
            return True
        connection = caller.connection if caller else None
        self._live.note_refusal(connection, event.name, verdict.value)
        await self._turn_away(state, event, rule, verdict, caller)
        return False

    async def call_back(self, state: BaseState, caller: Caller | None) -> None:
        """Run the event that waited for its sender to sign in, now that it may.

        Args:
            state: The tab's state, in line with its session.
            caller: The event's caller.
        """
        session = _session_of(caller)
        if session is None:
            return
        session_state = await state.get_state(SessionState)
        waiting = session_state.held(user_id=session.user.id, at=self._auth.clock())
        if waiting is None:
            return
        rule = self._rule(waiting["name"])
        if rule is None or await self._judge(rule, caller) is Verdict.GRANTED:
            session_state.drop()
            await EventContext.get().enqueue(_event(waiting))

    async def authorize_files(
        self, name: str, session: Session | None, connection: Connection
    ) -> None:
        """Authorize an event that brings files, before they are read.

        Args:
            name: The event handler's name.
            session: The sender's session.
            connection: The socket of the sender's tab, which is led where it has to go.

        Raises:
            AuthError: If its sender may not have it run.
        """
        if name not in self._registry.event_handlers:
            raise RequestRefused("The files are for no event handler of this app.")
        rule = self._rule(name)
        verdict = await rule.decide(session, self._auth.clock) if rule else Verdict.GRANTED
        if verdict is Verdict.GRANTED:
            return

        async def lead(state: BaseState) -> None:
            self._lead(await state.get_state(SessionState), verdict, connection)

        self._live.start(self._live.with_tab(connection.tab, lead))
        if verdict is Verdict.SIGN_IN:
            raise NotAuthenticated("Sign in to send files.")
        raise AccessDenied("This is not for you.", reason="event")

    def _rule(self, name: str) -> Rule | None:
        known = self._registry.event_handlers.get(name)
        return self._guards.of_event(known.states[0], known.handler) if known else None

    async def _judge(self, rule: Rule, caller: Caller | None) -> Verdict:
        return await rule.decide(_session_of(caller), self._auth.clock)

    async def _turn_away(
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
            session_state.hold(event.name, event.payload, user_id=owner, at=self._auth.clock())
        self._lead(session_state, verdict, caller.connection if caller else None)

    def _lead(
        self, session_state: SessionState, verdict: Verdict, connection: Connection | None
    ) -> None:
        """Tell a tab what to do about an event that its sender may not have run."""
        if verdict is Verdict.DENIED:
            session_state.refuse(AccessDenied("This is not for you.", reason="event"))
        elif verdict is Verdict.CONFIRM:
            session_state.leave_to = self._auth.confirm_url(
                connection.address if connection else "/"
            )
        else:
            session_state.leave_to = self._ways.way_in(connection)


def _session_of(caller: Caller | None) -> Session | None:
    return caller.connection.session if caller and caller.sid and caller.is_valid else None


def _event(waiting: dict[str, Any]) -> Event:
    from reflex.event import Event

    return Event(name=waiting["name"], payload=waiting["payload"])
