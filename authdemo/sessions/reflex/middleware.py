"""Runs before each event: verifies its caller, applies its rule, and shows what is rejected."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import reflex as rx
from reflex.event import Event
from reflex.state import BaseState, StateUpdate

from ..core.callbacks import callback_path
from ..core.errors import (
    AccessDenied,
    AuthError,
    HandlerFailed,
    ImpersonationRejected,
    NotAuthenticated,
    RequestRejected,
)
from ..core.rules import Rule, Verdict
from ..core.session import Session
from ..engine import Engine
from ..http.pages.guard import should_explain
from ..http.sockets.caller import Caller, current_caller
from ..http.sockets.connections import Connection
from .compat import (
    BOOT_EVENTS,
    DEFAULT_HANDLERS,
    RegistrationContext,
    current_token,
    enqueue,
    find_handler,
    is_chained,
    take_delta,
)
from .protected import Guards
from .tabs.messages import has_arguments
from .tabs.push import TabSync
from .tabs.state import SessionState

logger = logging.getLogger("authdemo.sessions")


@dataclass(frozen=True, eq=False)
class SessionMiddleware(rx.Middleware):
    """Verifies a tab's session before any of its events runs.

    The very first event is covered too, so that the first thing a tab shows is
    the session as it is, and a tab that changed hands starts empty.
    """

    engine: Engine
    guards: Guards
    tab_sync: TabSync
    _: KW_ONLY
    handle_other: Callable[[Exception], Any]
    """Handles what is no `AuthError`: the app's own handler, or Reflex's, which logs it."""
    allow_eval: bool
    _registry: RegistrationContext = field(default_factory=RegistrationContext.get, init=False)

    async def preprocess(
        self,
        app: rx.App,  # noqa: ARG002
        state: BaseState,
        event: Event,
    ) -> StateUpdate | None:
        """Settle whose tab this is, and let the event run if its caller may run it."""
        caller = current_caller()
        connection = caller.connection if caller else None
        if event.name.rpartition(".")[0] == SessionState.get_full_name():
            self._audit(connection, event.name, "NotForTabs")
            return StateUpdate()
        if connection is not None and not is_chained():
            if not self._has_arguments(event):  # an upload brings some that no frame has
                self._audit(connection, event.name, "UnknownEvent")
                return StateUpdate()
            _locate(connection, state)
        await self._verify(state, caller, event)
        session = caller.session if caller else None
        session_state = await state.get_state(SessionState)
        await self._run_deferred(session_state, session)
        rule = self._rule(event.name)
        verdict = await self._decide(rule, session)
        if rule is None or verdict is Verdict.GRANTED:
            session_state.clear_error()
            return None
        self._audit(connection, event.name, verdict.value)
        if verdict is not Verdict.DENIED and (rule.replay or verdict is Verdict.CONFIRM):
            user_id = session.user.id if session else ""
            session_state.defer_event(
                event.name, event.payload, user_id=user_id, at=self.engine.clock()
            )
        self._redirect(session_state, rule, verdict, connection)
        return StateUpdate(delta=await take_delta(state))

    async def _verify(self, state: BaseState, caller: Caller | None, event: Event) -> None:
        try:
            await self.tab_sync.sync(state, caller, is_used=event.name not in BOOT_EVENTS)
        except AuthError as error:
            logger.warning("A tab's session could not be verified: %s", error.code)
            if caller is not None:
                caller.connection.session = None

    async def authorize_files(
        self, name: str, session: Session | None, connection: Connection
    ) -> None:
        """Authorize an event that brings files, before they are read."""
        if find_handler(self._registry, name) is None:
            raise RequestRejected("The files are for no event handler of this app.")
        rule = self._rule(name)
        verdict = await self._decide(rule, session)
        if rule is None or verdict is Verdict.GRANTED:
            return

        async def redirect(state: BaseState) -> None:
            self._redirect(await state.get_state(SessionState), rule, verdict, connection)

        self.tab_sync.spawn(self.tab_sync.modify_tab(connection.tab, redirect))
        if verdict is Verdict.SIGN_IN:
            raise NotAuthenticated("Sign in to send files.")
        raise AccessDenied("You don't have permission to do this.", reason="event")

    def handle_exception(self, exception: Exception) -> Any:
        """Handle what an event handler raises, in place of Reflex's own handler.

        An `AuthError` is a rejection, and no fault of the app's: it is added to the audit trail,
        and the tab shows it as `use_session().error`, or else as a toast. Reflex's own handler
        shows a toast, too, which needs `eval`; where the Content-Security-Policy forbids that, the
        tab shows the failure in our way.
        """
        if isinstance(exception, AuthError):
            return self._show(exception)
        events = self.handle_other(exception)
        can_show = self.allow_eval or self.handle_other not in DEFAULT_HANDLERS
        return events if can_show else self._show(HandlerFailed())

    def _show(self, error: AuthError) -> None:
        caller = current_caller()
        if not isinstance(error, HandlerFailed):
            self._audit(
                caller.connection if caller else None, caller.event if caller else "", error
            )

        async def show(state: BaseState) -> None:
            (await state.get_state(SessionState)).set_error(error)

        if caller is None or caller.is_valid:
            self.tab_sync.spawn(self.tab_sync.modify_tab(current_token(), show))

    async def _run_deferred(self, session_state: SessionState, session: Session | None) -> None:
        """Run the event that waited for its sender to sign in, now that it may."""
        if session is None:
            return
        waiting = session_state.deferred_event(user_id=session.user.id, at=self.engine.clock())
        if waiting is None:
            return
        if await self._decide(self._rule(waiting["name"]), session) is Verdict.GRANTED:
            session_state.discard_deferred()
            await enqueue(waiting["name"], waiting["payload"])

    def _has_arguments(self, event: Event) -> bool:
        known = find_handler(self._registry, event.name)
        return known is None or has_arguments(known[1], event.payload)

    def _rule(self, name: str) -> Rule | None:
        known = find_handler(self._registry, name)
        return self.guards.of_event(*known) if known else None

    async def _decide(self, rule: Rule | None, session: Session | None) -> Verdict:
        return await rule.decide(session, self.engine.clock) if rule else Verdict.GRANTED

    def _redirect(
        self,
        session_state: SessionState,
        rule: Rule,
        verdict: Verdict,
        connection: Connection | None,
    ) -> None:
        if verdict is Verdict.DENIED:
            session = connection.session if connection else None
            is_acting = session is not None and session.actor is not None
            denied = AccessDenied("You don't have permission to do this.", reason="event")
            session_state.set_error(ImpersonationRejected() if is_acting else denied)
        elif verdict is Verdict.CONFIRM:
            at = None if rule.fresh is None else self.engine.clock()
            session_state.ask_for_proof(level=rule.level, at=at)
        else:
            session_state.redirect_url = self.tab_sync.sign_in_url(connection)

    def _audit(self, connection: Connection | None, event: str, why: AuthError | str) -> None:
        """Audit a rejected event, once for each socket."""
        if connection is None:
            self.engine.trail.add_rejection(why, path=event)
        else:
            connection.audit_rejection(self.engine.trail, why, path=event, event=event)


def _locate(connection: Connection, state: BaseState) -> None:
    """Keep where the tab is, which later events may no longer know."""
    url = state.router.url
    query = url.query_parameters
    connection.path = url.path or "/"
    connection.address = callback_path(connection.path, url.query)
    connection.callback_url = query.get("callbackUrl", "/")
    connection.explains_error = should_explain(query.get("error", ""), query.get("code", ""))
