"""All that authdemo uses of Reflex beyond what its documentation promises.

No other module imports Reflex's internals or touches its private names. Where Reflex differs from
what is expected here, the app doesn't start: a renamed method could send what is protected.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import uuid
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import AbstractContextManager
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import reflex as rx
from reflex.event import Event, EventHandler
from reflex.state import BaseState
from reflex.vars import VarData
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..core.errors import ConfigurationError


def _difference(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"authdemo.sessions doesn't fit Reflex {version('reflex')}: {what}. "
        "Install the version of Reflex that authdemo requires."
    )


try:
    from reflex import app as reflex_app
    from reflex.constants import SETTER_PREFIX, CompileContext, Dirs, Endpoint
    from reflex.istate.manager.disk import StateManagerDisk
    from reflex.istate.manager.memory import StateManagerMemory
    from reflex.istate.manager.redis import StateManagerRedis
    from reflex.istate.shared import SharedStateBaseInternal
    from reflex.state import EventHandlerSetVar, FrontendEventExceptionState, OnLoadInternalState
    from reflex.utils.exceptions import ReflexRuntimeError
    from reflex.utils.exec import is_prod_mode
    from reflex.utils.prerequisites import get_and_validate_app, get_web_dir
    from reflex.utils.token_manager import RedisTokenManager, SocketRecord
    from reflex_base.config import get_config
    from reflex_base.constants import CompileVars
    from reflex_base.constants.state import FIELD_MARKER
    from reflex_base.environment import environment
    from reflex_base.event.context import EventContext
    from reflex_base.event.processor import base_state_processor
    from reflex_base.registry import RegistrationContext
    from reflex_base.utils import types
    from reflex_base.utils.form import transform_form_data
    from reflex_base.utils.format import format_event_handler
    from reflex_base.utils.serializers import deserializers
    from reflex_base.utils.types import is_union, resolve_type_alias
    from reflex_base.vars import base as vars_base
    from reflex_base.vars.base import ComputedVar, Field
    from reflex_base.vars.sequence import ConcatVarOperation
    from reflex_components_core.base.bare import Bare

    BOOT_EVENTS = tuple(
        f"{rx.State.get_full_name()}.{name}"
        for name in (CompileVars.HYDRATE, CompileVars.HYDRATE_AND_LOAD)
    )
    """What a tab sends whenever its socket connects, whether or not a person is there."""
    PAGE_LOAD_EVENTS = BOOT_EVENTS + tuple(
        f"{OnLoadInternalState.get_full_name()}.{name}"
        for name in ("on_load_internal", "set_is_hydrated")
    )
    """Reflex's own events of a page that loads; without them it shows that it is loading."""
except (ImportError, AttributeError) as error:
    raise SystemExit(f"error: {_difference(str(error)).message}") from None

__all__ = [
    "FIELD_MARKER",
    "Bare",
    "CompileContext",
    "ComputedVar",
    "Field",
    "FrontendEventExceptionState",
    "RegistrationContext",
    "deserializers",
    "environment",
    "format_event_handler",
    "get_config",
    "is_prod_mode",
    "is_union",
    "resolve_type_alias",
]

T = TypeVar("T")

SERVE_BUILT_PAGES = {
    environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.name: "true",
    environment.REFLEX_SKIP_COMPILE.name: "true",
}
"""Environment variables that have an app serve its built pages, and build none."""


def current_app() -> rx.App | None:
    """Find the app that is being built or served."""
    try:
        return RegistrationContext.get().app
    except (LookupError, ReflexRuntimeError):
        return None


def current_config() -> rx.Config | None:
    """Find the configuration, if it has been loaded."""
    try:
        return RegistrationContext.get().config
    except (LookupError, ReflexRuntimeError):
        return None


def load_app() -> rx.App:
    """Import the app of the current folder."""
    return get_and_validate_app().app


def build_folder() -> Path:
    """Find the folder of the built pages."""
    return get_web_dir() / Dirs.STATIC


def mounts_pages() -> bool:
    """Tell whether the app serves its built pages itself."""
    return environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.get()


def pages_of(app: rx.App) -> Collection[Any]:
    """List an app's pages, each with `route`, `component` (a function) and `context`."""
    return app._unevaluated_pages.values()


def compiled_pages_of(app: rx.App) -> Mapping[str, rx.Component]:
    """List the components of an app's pages, by route."""
    return app._pages


def set_page_context(page: Any, name: str, value: object) -> None:
    """Change what other plugins, which may have the pages already, read of a page."""
    object.__setattr__(page, "context", {**page.context, name: value})


def var_data(value: Any) -> VarData | None:
    """Find the imports and hooks that a var needs."""
    data: VarData | None = value._get_all_var_data()
    return data


def literal_texts(value: Any) -> Iterator[str]:
    """Find the literal texts in what a component shows."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, vars_base.LiteralVar):
        yield str(value._var_value)
    else:
        for piece in _pieces(value):
            yield from literal_texts(piece)


def _pieces(value: Any) -> Iterable[Any]:
    if isinstance(value, ConcatVarOperation):
        return value._var_value
    if isinstance(value, vars_base.ToOperation):
        return (value._original,)
    if isinstance(value, vars_base.CustomVarOperation) and value._name == "ternary_operation":
        return [side for name, side in value._args if name != "condition"]
    return ()


Withheld = Callable[[BaseState, Callable[[str], bool]], Iterable[str]]
"""Lists the vars of a state that its viewer may not see, among those that are being sent."""

_UNFILTERED = (BaseState.get_delta, BaseState.dict)


def filter_output(withheld: Withheld) -> None:
    """Send defaults in the place of vars that are withheld, whichever way a state is sent.

    Reflex sends a state as a whole when a page is built or loaded (`dict`), and what has changed
    after each event (`get_delta`). It calls both on every state, so that they can be overridden;
    that is done here, for all states at once, those of later imports too.
    """

    def filtered(method: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        @wraps(method)
        def output(state: BaseState, *args: Any, **options: Any) -> dict[str, Any]:
            sent = method(state, *args, **options)
            if own := sent.get(state.get_full_name()):
                for name in withheld(state, lambda name: name + FIELD_MARKER in own):
                    _replace_by_default(own, type(state), name)
            return sent

        output.__override_base_method__ = True  # type: ignore[attr-defined]
        return output

    BaseState.get_delta, BaseState.dict = map(filtered, _UNFILTERED)  # type: ignore[method-assign]


def _replace_by_default(sent: dict[str, Any], state: type[BaseState], name: str) -> None:
    key = name + FIELD_MARKER
    if inspect.iscoroutine(sent[key]):
        sent[key].close()
    sent[key] = _default(state, name)


def _default(state: type[BaseState], name: str) -> Any:
    """Find the value of a var before anything was set."""
    if name in state.base_vars:
        return state.__fields__[name].default_value()
    computed = state.computed_vars[name]
    if not isinstance(computed._initial_value, types.Unset):
        return computed._initial_value
    return types.get_default_value_for_type(computed._var_type)


def registered_states() -> list[type[BaseState]]:
    """List all states of the app; modules may add to them."""
    return list(RegistrationContext.get().base_states.values())


def root_state(state: BaseState) -> BaseState:
    """Find the root of a tab's states."""
    return state._get_root_state()


async def take_delta(state: BaseState) -> Mapping[str, Any]:
    """Take what has changed in a tab, to be sent now."""
    root = root_state(state)
    delta = await root._get_resolved_delta()
    root._clean()
    return delta


def mark_dirty(state: BaseState, names: Iterable[str]) -> None:
    """Have vars sent again, though their values are the same."""
    state.dirty_vars.update(names)
    state._mark_ancestors_dirty()


def touch(state: BaseState) -> None:
    """Have Redis keep a state as long as the rest of the tab."""
    state._was_touched = True


async def load_substates(root: BaseState) -> None:
    """Load all states of the running event's tab, also those that stayed in Redis."""
    context = EventContext.get()
    if isinstance(context.state_manager, StateManagerRedis):
        token = rx.BaseStateToken(ident=context.token, cls=type(root))
        await context.state_manager.get_state(token, for_state_instance=root)


async def unlink_shared(root: BaseState) -> None:
    """Have a tab share nothing; what it shared is left to the others as it is.

    Reflex lends a tab the states that it shares for as long as an event runs. They go back
    now, so that the tab's own ones are in their place at once.
    """
    if not isinstance(root, rx.State) or not root._reflex_internal_links:
        return
    lender = await root.get_state(SharedStateBaseInternal)
    for state in lender._held_locks_linked_states():
        state._linked_from.discard(root.rx_router_session.client_token)
    if lender._exit_stack is not None:
        await lender._exit_stack.aclose()
    lender._held_locks = {}
    root._reflex_internal_links = {}


def purge_tab(app: rx.App, tab: str) -> None:
    """Forget a tab's states, unless something is at work there; Redis lets them expire itself."""
    manager = app.state_manager
    if isinstance(manager, StateManagerMemory | StateManagerDisk):
        lock = manager._states_locks.get(tab)
        if not (lock and lock.locked()):
            manager._purge_token(rx.BaseStateToken(ident=tab, cls=rx.State))


def find_handler(
    registry: RegistrationContext, name: str
) -> tuple[type[BaseState], EventHandler] | None:
    """Find an event handler and its state, by the name that a browser sends."""
    known = registry.event_handlers.get(name)
    return (known.states[0], known.handler) if known else None


def hints_of(handler: EventHandler) -> Mapping[str, Any]:
    """Find the types of an event handler's arguments."""
    return handler._get_type_hints()


def converted(value: object, hint: Any) -> object:
    """Convert an argument as Reflex does before it calls a handler; an app's types may raise."""
    if value != "":
        base_state_processor._transform_event_arg(value, hint)
    return transform_form_data(value, hint)


def sets_unknown_var(handler: EventHandler, payload: Mapping[str, Any]) -> bool:
    """Tell whether an event is for Reflex's own setter, and names no var that has one."""
    if not isinstance(handler, EventHandlerSetVar):
        return False
    name = payload["var_name"]
    return not (isinstance(name, str) and hasattr(handler.state, SETTER_PREFIX + name))


def current_token() -> str | None:
    """Find the tab of the running event."""
    try:
        return EventContext.get().token
    except LookupError:
        return None


def is_chained() -> bool:
    """Tell whether another event has started the running one."""
    return EventContext.get().parent_txid is not None


async def enqueue(name: str, payload: dict[str, Any]) -> None:
    """Have an event run in the tab of the running one."""
    await EventContext.get().enqueue(Event(name=name, payload=payload))


def is_default_handler(handler: object) -> bool:
    """Tell whether exceptions are handled by Reflex's own function."""
    return handler in (
        reflex_app.default_backend_exception_handler,
        reflex_app.default_frontend_exception_handler,
    )


def bind_events(
    app: rx.App,
    callers: dict[str, T],
    *,
    begin: Callable[[str], T | None],
    run_as: Callable[[T | None], AbstractContextManager[None]],
) -> None:
    """Have each event begin with a caller, and run as that."""
    processor: Any = app.event_processor
    enqueue, create_task = processor.enqueue, processor._create_event_task

    async def enqueue_for_caller(
        token: str, event: Event, ev_ctx: EventContext | None = None
    ) -> Any:
        caller = begin(event.name)
        if caller is None:
            return await enqueue(token, event, ev_ctx)
        with app.set_contexts():
            context = ev_ctx or EventContext.get().fork(token, event.router_data)
        callers[context.txid] = caller
        try:
            future = await enqueue(token, event, context)
        except BaseException:
            del callers[context.txid]
            raise
        future.add_done_callback(lambda _: callers.pop(context.txid, None))
        return future

    def create_task_as_caller(*, entry: Any, registered_handler: Any) -> asyncio.Task[None]:
        with run_as(callers.get(entry.ctx.txid)):
            task: asyncio.Task[None] = create_task(
                entry=entry, registered_handler=registered_handler
            )
            return task

    processor.enqueue, processor._create_event_task = enqueue_for_caller, create_task_as_caller


def cancel_event(app: rx.App, txid: str) -> None:
    """Cancel an event that runs or waits."""
    future = app.event_processor._futures.get(txid)
    if future is not None:
        future.cancel()


def guard_states(app: rx.App, check: Callable[[str, bool], Awaitable[None]]) -> None:
    """Call `check` with the tab whose states are about to change, and whether by an event."""
    manager: Any = app.state_manager
    modify = manager.modify_state_with_links

    @contextlib.asynccontextmanager
    async def modify_checked(
        token: rx.BaseStateToken, *args: Any, **context: Any
    ) -> AsyncIterator[BaseState]:
        async with modify(token, *args, **context) as state:
            await check(token.ident, context.get("event") is not None)
            yield state

    manager.modify_state_with_links = modify_checked


def guard_deltas(app: rx.App, may_send: Callable[[str], bool]) -> None:
    """Send a tab only what may be sent there."""
    namespace: Any = app.event_namespace
    emit = namespace.emit_update

    async def emit_if_allowed(update: Any, token: str) -> None:
        if may_send(token):
            await emit(update=update, token=token)

    namespace.emit_update = emit_if_allowed


def guard_links(
    app: rx.App, *, is_own: Callable[[str, str], Awaitable[bool]], linked: Callable[[str], None]
) -> None:
    """Link a socket to the tab that it names if that is its own, or else to a new one."""
    namespace: Any = app.event_namespace
    link = namespace.link_token_to_sid

    async def link_own(sid: str, token: str, *, update_state: bool = True) -> None:
        if not await is_own(sid, token):
            token = str(uuid.uuid4())
            await namespace.emit("new_token", token, to=sid)
        await link(sid, token, update_state=update_state)
        linked(namespace.sid_to_token[sid])

    namespace.link_token_to_sid = link_own


async def claim_tab(app: rx.App, sid: str, tab: str) -> bool:
    """Claim a tab for one socket of all workers: Reflex looks and writes in two steps."""
    namespace: Any = app.event_namespace
    manager = namespace._token_manager
    known = manager.token_to_socket.get(tab)
    if not isinstance(manager, RedisTokenManager) or (known and known.sid == sid):
        return True
    record = SocketRecord(instance_id=manager.instance_id, sid=sid)
    if not await manager._store_socket_record(tab, record, nx=True):
        return False
    manager.token_to_socket[tab], manager.sid_to_token[sid] = record, tab
    return True


async def release_tab(app: rx.App, sid: str, tab: str) -> None:
    """Give a claimed tab back."""
    namespace: Any = app.event_namespace
    await namespace._token_manager.disconnect_token(tab, sid)


def guard_shared_states(check: Callable[[str], Awaitable[None]]) -> None:
    """Call `check` with the name of a shared state that a tab is about to link to."""
    link: Any = SharedStateBaseInternal._link_to

    async def link_checked(state: Any, name: str) -> Any:
        await check(name)
        return await link(state, name)

    SharedStateBaseInternal._link_to = link_checked  # type: ignore[assignment,method-assign]


EVENT_NAMESPACE = str(Endpoint.EVENT)
"""The namespace of Socket.IO by which events come."""

FRONTEND = "frontend"
"""The name of the route by which Reflex serves the build."""


def backend_path(name: str) -> str:
    """Find the path of one of Reflex's own endpoints: `EVENT`, `UPLOAD`, `PING` or `HEALTH`."""
    return get_config().prepend_backend_path(str(Endpoint[name]))


def routes_of_api(app: rx.App) -> Sequence[BaseRoute]:
    """List the routes of Reflex's own API."""
    return app._api.routes if app._api is not None else ()


def leave_origins_to_us(app: rx.App) -> None:
    """Keep Reflex from letting any origin in: its `*` stands for the app's own, which we know.

    The origins that the app's author names may read answers, and open no socket of Reflex's.
    """
    if app.sio is not None:
        app.sio.eio.cors_allowed_origins = []
    config = get_config()  # which the layers that Reflex has yet to make are made by
    named = tuple(origin for origin in config.cors_allowed_origins if origin != "*")
    config.cors_allowed_origins = named
    for layer in app._api.user_middleware if app._api is not None else ():
        if "allow_origins" in layer.kwargs:
            layer.kwargs["allow_origins"] = named


async def install_outermost(app: Starlette, wrap: Callable[[ASGIApp], ASGIApp]) -> None:
    """Put layers in front of all that Reflex wraps around an app.

    A probe makes sure that nothing is in front of them: what it sends arrives as it was sent.
    """
    behind = app.middleware_stack
    arrived: list[object] = []

    async def arrive(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.extend((scope, receive, send))

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        return

    probe = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
    app.middleware_stack = arrive
    await app(dict(probe), receive, send)
    if behind is None or arrived != [{**probe, "app": app}, receive, send]:
        raise _difference("something stands in front of the sessions' middleware")
    app.middleware_stack = wrap(behind)


_NEEDED: tuple[tuple[type, str], ...] = (
    (BaseState, "_clean _get_resolved_delta _get_root_state _mark_ancestors_dirty _was_touched"),
    (BaseState, "base_vars computed_vars dict dirty_vars get_delta get_state get_substate reset"),
    (rx.State, "_reflex_internal_links rx_router_session"),
    (
        SharedStateBaseInternal,
        "_exit_stack _held_locks _held_locks_linked_states _link_to",
    ),
    (StateManagerMemory, "_purge_token _states_locks get_state modify_state_with_links"),
    (StateManagerDisk, "_purge_token _states_locks get_state modify_state_with_links"),
    (StateManagerRedis, "get_state modify_state_with_links"),
    (RedisTokenManager, "_store_socket_record disconnect_token"),
    (base_state_processor.BaseStateEventProcessor, "_create_event_task _futures enqueue"),
    (EventContext, "enqueue fork parent_txid state_manager token txid"),
    (EventHandler, "_get_type_hints"),
    (reflex_app.EventNamespace, "emit emit_update link_token_to_sid sid_to_token"),
    (FrontendEventExceptionState, "auto_reload_on_errors"),
    (RegistrationContext, "app base_states config event_handlers"),
    (rx.App, "_api _middlewares _pages _unevaluated_pages event_namespace event_processor"),
    (rx.App, "modify_state set_contexts sio state_manager"),
    (ComputedVar, "_initial_value _var_type fget"),
    (vars_base.CustomVarOperation, "_args _name"),
    (vars_base.LiteralVar, "_get_all_var_data"),
)


def check_names() -> None:
    """Check that Reflex has all that this module needs."""
    for owner, names in _NEEDED:
        declared = {name for each in owner.__mro__ for name in inspect.get_annotations(each)}
        for name in names.split():
            if not (hasattr(owner, name) or name in declared):
                raise _difference(f"{owner.__name__} has no {name}")


def check_withholding(protect: Callable[[Any], Any]) -> None:
    """Check that a protected var is withheld from a tab without a session, in both ways."""
    with RegistrationContext.ensure_context().fork():

        class Probe(BaseState):
            var: rx.Field[str] = protect(rx.field("default"))

        probe: Any = type.__call__(Probe, _reflex_internal_init=True)
    probe.var = "protected"
    ways = {"a delta": _result(probe._get_resolved_delta()), "a whole state": probe.dict()}
    for way, sent in ways.items():
        if sent.get(Probe.get_full_name(), {}).get(f"var{FIELD_MARKER}") != "default":
            raise _difference(f"a protected var is not withheld from {way}")


def _result(work: Any) -> Any:
    """Find what a coroutine returns that has nothing to wait for, whether or not a loop runs."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise _difference("a delta has to be waited for")


def check_first_middleware(app: rx.App, middleware: rx.Middleware) -> None:
    """Check that no other middleware of an app sees its events first."""
    first = app._middlewares[0]
    if first is not middleware:
        raise ConfigurationError(
            f"{type(first).__name__} runs before the middleware of authdemo.sessions, which has to "
            "be the first. Add yours with app.add_middleware(...), without an index."
        )
