"""All that authdemo uses of Reflex beyond what its documentation promises.

Where Reflex differs, the app doesn't start: a renamed method could send what is protected.
"""

from __future__ import annotations

import contextlib
import inspect
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from functools import partial, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar, cast

import reflex as rx
from reflex.event import Event, EventHandler
from reflex.state import BaseState, StateUpdate
from reflex.vars import VarData
from starlette.applications import Starlette
from starlette.types import ASGIApp

from ..core.errors import ConfigurationError


def difference(what: str) -> ConfigurationError:
    """Say what of the installed Reflex stops the start."""
    return ConfigurationError(
        f"authdemo.sessions doesn't fit Reflex {version('reflex')}: {what}. "
        "Install the version of Reflex that authdemo requires."
    )


try:
    import reflex.app as reflex_app
    from reflex.constants import SETTER_PREFIX as SETTER_PREFIX
    from reflex.constants import CompileContext as CompileContext
    from reflex.constants import Dirs, Endpoint
    from reflex.istate.manager.disk import StateManagerDisk
    from reflex.istate.manager.memory import StateManagerMemory
    from reflex.istate.manager.redis import StateManagerRedis
    from reflex.istate.shared import SharedStateBaseInternal
    from reflex.state import EventHandlerSetVar as EventHandlerSetVar
    from reflex.state import FrontendEventExceptionState as FrontendEventExceptionState
    from reflex.state import OnLoadInternalState
    from reflex.utils.exceptions import ReflexRuntimeError
    from reflex.utils.exec import is_prod_mode as is_prod_mode
    from reflex.utils.prerequisites import get_and_validate_app as get_and_validate_app
    from reflex.utils.prerequisites import get_web_dir
    from reflex.utils.token_manager import RedisTokenManager, SocketRecord
    from reflex_base.config import get_config as get_config
    from reflex_base.constants import CompileVars
    from reflex_base.constants.state import FIELD_MARKER as FIELD_MARKER
    from reflex_base.environment import environment as environment
    from reflex_base.event.context import EventContext
    from reflex_base.event.processor import base_state_processor
    from reflex_base.registry import RegistrationContext as RegistrationContext
    from reflex_base.utils import types
    from reflex_base.utils.exceptions import UploadTypeError, UploadValueError
    from reflex_base.utils.form import transform_form_data
    from reflex_base.utils.format import format_event_handler as format_event_handler
    from reflex_base.utils.format import make_default_page_title as make_default_page_title
    from reflex_base.utils.serializers import deserializers as deserializers
    from reflex_base.utils.types import is_union as is_union
    from reflex_base.utils.types import resolve_type_alias as resolve_type_alias
    from reflex_base.vars.base import ComputedVar as ComputedVar
    from reflex_base.vars.base import CustomVarOperation, LiteralVar, ToOperation
    from reflex_base.vars.base import Field as Field
    from reflex_base.vars.sequence import ConcatVarOperation
    from reflex_components_core.base.bare import Bare as Bare

    _ROOT, _LOAD = rx.State.get_full_name(), OnLoadInternalState.get_full_name()
    BOOT_EVENTS = (f"{_ROOT}.{CompileVars.HYDRATE}", f"{_ROOT}.{CompileVars.HYDRATE_AND_LOAD}")
    """What a tab sends whenever its socket connects, whether or not a person is there."""
    PAGE_LOAD_EVENTS = (*BOOT_EVENTS, f"{_LOAD}.on_load_internal", f"{_LOAD}.set_is_hydrated")
    """Reflex's own events of a page that loads; without them it shows that it is loading."""
except (ImportError, AttributeError) as error:
    raise SystemExit(f"error: {difference(str(error)).message}") from None

T = TypeVar("T")

DEFAULT_HANDLERS = (
    reflex_app.default_backend_exception_handler,
    reflex_app.default_frontend_exception_handler,
)
"""How Reflex handles exceptions if the app doesn't."""

BUILD_OWN_PAGES = {environment.REFLEX_MOUNT_FRONTEND_COMPILED_APP.name: "true"}
SERVE_BUILT_PAGES = {**BUILD_OWN_PAGES, environment.REFLEX_SKIP_COMPILE.name: "true"}
"""Environment variables that have an app build its own pages, or serve those that are built."""

EVENT_NAMESPACE = str(Endpoint.EVENT)


def _current(name: str) -> Any:
    with contextlib.suppress(LookupError, ReflexRuntimeError):
        return getattr(RegistrationContext.get(), name)
    return None


current_app: Callable[[], rx.App | None] = partial(_current, "app")
"""Find the app that is being built or served."""
current_config: Callable[[], rx.Config | None] = partial(_current, "config")
"""Find the configuration, if it has been loaded."""


def build_folder() -> Path:
    return get_web_dir() / Dirs.STATIC


def pages_of(app: rx.App) -> Iterable[Any]:
    """List an app's pages, each with `route`, `component` (a function) and `context`."""
    return app._unevaluated_pages.values()


def separate_scripts(page: Any) -> None:
    """Give a page scripts of its own, where Reflex would write one for its Python module."""
    check_names((page, "_source_module"))
    object.__setattr__(page, "_source_module", None)


def compiled_pages_of(app: rx.App) -> Mapping[str, rx.Component]:
    return app._pages


def var_data(value: rx.Var[Any]) -> VarData | None:
    """Find the imports and hooks that a var needs."""
    return value._get_all_var_data()


def literal_texts(value: Any) -> Iterator[str]:
    """Find the literal texts in what a component shows."""
    pieces: Iterable[Any] = ()
    match value:
        case (str() as text) | LiteralVar(_var_value=text):
            yield str(text)
        case ConcatVarOperation():
            pieces = value._var_value
        case ToOperation():
            pieces = (value._original,)
        case CustomVarOperation(_name="ternary_operation"):
            pieces = dict(value._args, condition=()).values()
    for piece in pieces:
        yield from literal_texts(piece)


def filter_output(
    withheld: Callable[[BaseState, Callable[[str], bool]], Iterable[str]],
    computing: Callable[[BaseState], contextlib.AbstractContextManager[None]],
) -> None:
    """Send defaults in the place of vars that `withheld` names; compute changes in a context.

    Reflex sends a whole state (`dict`) when a page loads, and changes (`get_delta`) after events.
    """

    def filtered(method: Callable[..., dict[str, Any]]) -> Any:
        @wraps(method)
        def output(state: BaseState, *args: Any, **options: Any) -> dict[str, Any]:
            sent = method(state, *args, **options)
            if own := sent.get(state.get_full_name()):
                for name in withheld(state, lambda name: name + FIELD_MARKER in own):
                    _withhold(own, type(state), name)
            return sent

        output.__override_base_method__ = True  # type: ignore[attr-defined]
        return output

    BaseState.get_delta = filtered(inspect.unwrap(BaseState.get_delta))  # type: ignore[method-assign]
    BaseState.dict = filtered(inspect.unwrap(BaseState.dict))  # type: ignore[method-assign]
    resolve = inspect.unwrap(BaseState._get_resolved_delta)

    @wraps(resolve)
    async def resolve_in_context(state: Any) -> Any:
        with computing(state):
            return await resolve(state)

    BaseState._get_resolved_delta = resolve_in_context  # type: ignore[assignment,method-assign]


def _withhold(sent: dict[str, Any], state: type[BaseState], name: str) -> None:
    """Replace a var's value by the one before anything was set."""
    key = name + FIELD_MARKER
    if inspect.iscoroutine(sent[key]):
        sent[key].close()
    if name in state.base_vars:
        sent[key] = state.__fields__[name].default_value()
        return
    computed = state.computed_vars[name]
    initial = computed._initial_value
    if isinstance(initial, types.Unset):
        initial = types.get_default_value_for_type(computed._var_type)
    sent[key] = initial


def registered_states() -> list[type[BaseState]]:
    """List all states of the app; modules may add to them."""
    return list(RegistrationContext.get().base_states.values())


def cached_vars_of(state: type[BaseState]) -> Mapping[str, ComputedVar[Any]]:
    """List the computed vars of a state that Reflex computes again only if they have to be."""
    return {name: each for name, each in state.computed_vars.items() if each._cache}


def root_state(state: BaseState) -> BaseState:
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


def keep_alive(state: BaseState) -> None:
    """Have Redis keep a state as long as the rest of the tab."""
    state._was_touched = True


async def load_substates(root: BaseState) -> None:
    """Load all states of the running event's tab, also those that stayed in Redis."""
    context = EventContext.get()
    if isinstance(context.state_manager, StateManagerRedis):
        token = rx.BaseStateToken(ident=context.token, cls=type(root))
        await context.state_manager.get_state(token, for_state_instance=root)


async def unlink_shared(root: BaseState) -> None:
    """Have a tab share nothing: what it borrows while an event runs goes back to the others."""
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
    return handler._get_type_hints()


def converted(value: object, hint: Any) -> object:
    """Convert an argument as Reflex does before it calls a handler; an app's types may raise."""
    if value != "":
        base_state_processor._transform_event_arg(value, hint)
    return transform_form_data(value, hint)


def current_token() -> str | None:
    with contextlib.suppress(LookupError):
        return EventContext.get().token
    return None


def is_chained() -> bool:
    """Tell whether another event has started the running one."""
    return EventContext.get().parent_txid is not None


async def enqueue(name: str, payload: dict[str, Any]) -> None:
    """Have an event run in the tab of the running one."""
    await EventContext.get().enqueue(Event(name=name, payload=payload))


def bind_events(
    app: rx.App,
    callers: dict[str, T],
    *,
    begin: Callable[[str], T | None],
    run_as: Callable[[T | None], contextlib.AbstractContextManager[None]],
) -> None:
    """Have each event begin with a caller, and run as that."""
    processor: Any = app.event_processor
    enqueue, create_task = processor.enqueue, processor._create_event_task

    async def enqueue_for_caller(token: str, event: Event, ev_ctx: Any = None) -> Any:
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

    def create_task_as_caller(*, entry: Any, registered_handler: Any) -> Any:
        with run_as(callers.get(entry.ctx.txid)):
            return create_task(entry=entry, registered_handler=registered_handler)

    processor.enqueue, processor._create_event_task = enqueue_for_caller, create_task_as_caller


def cancel_event(app: rx.App, txid: str) -> None:
    if (future := app.event_processor._futures.get(txid)) is not None:
        future.cancel()


def guard_states(app: rx.App, check: Callable[[str, bool], Awaitable[None]]) -> None:
    """Call `check` with the tab whose states are about to change, and whether by an event."""
    manager: Any = app.state_manager
    modify = manager.modify_state_with_links

    @contextlib.asynccontextmanager
    async def modify_checked(token: Any, *args: Any, **context: Any) -> AsyncIterator[BaseState]:
        async with modify(token, *args, **context) as state:
            await check(token.ident, context.get("event") is not None)
            yield state

    manager.modify_state_with_links = modify_checked


def guard_sockets(
    app: rx.App,
    *,
    outgoing: Callable[[StateUpdate, str], StateUpdate | None],
    is_own: Callable[[str, str], Awaitable[bool]],
    linked: Callable[[str], None],
) -> None:
    """Send a tab only what it may get, and link a socket to its own tab, or else to a new one."""
    namespace: Any = app.event_namespace
    emit, link = namespace.emit_update, namespace.link_token_to_sid

    async def emit_if_allowed(update: Any, token: str) -> None:
        if (allowed := outgoing(update, token)) is not None:
            await emit(update=allowed, token=token)

    async def link_own(sid: str, token: str, *, update_state: bool = True) -> None:
        if not await is_own(sid, token):
            token = str(uuid.uuid4())
            await namespace.emit("new_token", token, to=sid)
        await link(sid, token, update_state=update_state)
        linked(namespace.sid_to_token[sid])

    namespace.emit_update, namespace.link_token_to_sid = emit_if_allowed, link_own


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
    namespace: Any = app.event_namespace
    await namespace._token_manager.disconnect_token(tab, sid)


def guard_shared_states(check: Callable[[str], Awaitable[None]]) -> None:
    """Call `check` with the name of a shared state that a tab is about to link to."""
    link: Any = SharedStateBaseInternal._link_to

    async def link_checked(state: Any, name: str) -> Any:
        await check(name)
        return await link(state, name)

    SharedStateBaseInternal._link_to = link_checked  # type: ignore[assignment,method-assign]


def backend_path(name: str) -> str:
    """Find the path of one of Reflex's own endpoints: `EVENT`, `UPLOAD`, `PING` or `HEALTH`."""
    return get_config().prepend_backend_path(str(Endpoint[name]))


def api_of(app: rx.App) -> Starlette | None:
    """Find Reflex's own API, which an app without states lacks."""
    return app._api


def answer_wrong_uploads(app: rx.App, answer: Callable[..., Awaitable[ASGIApp]]) -> None:
    """Answer uploads that a handler can't take; Reflex would log what the sender wrote."""
    if (api := api_of(app)) is not None:
        for kind in (UploadTypeError, UploadValueError, RecursionError):
            api.add_exception_handler(kind, cast("Any", answer))


_NEEDED: tuple[tuple[object, str], ...] = (
    (BaseState, "_clean _get_resolved_delta _get_root_state _mark_ancestors_dirty _was_touched"),
    (BaseState, "base_vars computed_vars dict dirty_vars get_delta get_state get_substate reset"),
    (rx.State, "_reflex_internal_links rx_router_session"),
    (SharedStateBaseInternal, "_exit_stack _held_locks _held_locks_linked_states _link_to"),
    (rx.SharedState, "_linked_from"),
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
    (ComputedVar, "_cache _initial_value _var_type add_dependency fget"),
    (CustomVarOperation, "_args _name"),
    (rx.Var.create(""), "_get_all_var_data _var_value"),
    (rx.Var("").to(str), "_original"),
)


def check_names(*needed: tuple[object, str]) -> None:
    """Check that Reflex has all that this module needs."""
    for owner, names in needed or _NEEDED:
        kind = owner if isinstance(owner, type) else type(owner)
        declared = {name for each in kind.__mro__ for name in inspect.get_annotations(each)}
        for name in names.split():
            if not (hasattr(owner, name) or name in declared):
                raise difference(f"{kind.__name__} has no {name}")


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
            raise difference(f"a protected var is not withheld from {way}")


def _result(work: Any) -> Any:
    """Find what a coroutine returns that has nothing to wait for, whether or not a loop runs."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise difference("a delta has to be waited for")


def check_app(app: rx.App, middleware: rx.Middleware, *, is_wrapped: bool) -> None:
    """Check that requests and events meet our middleware first, when an app starts."""
    if not is_wrapped:
        raise difference("it serves an app without its api_transformer")
    namespace: Any = app.event_namespace
    check_names((namespace, "_token_manager"))
    check_names((namespace._token_manager, "instance_id sid_to_token token_to_socket"))
    if app._middlewares[0] is not middleware:
        raise ConfigurationError(
            f"{type(app._middlewares[0]).__name__} runs before the middleware of the sessions. Add "
            "it with app.add_middleware(...), without an index."
        )
