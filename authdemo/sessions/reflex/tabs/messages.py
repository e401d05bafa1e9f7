"""Which messages of a tab the app has any use for, by its event handlers and their arguments.

Reflex looks an event's handler up after it has taken the event in, and writes a
traceback with the whole event into the log if there is none. So that nobody can fill
the log, or have it hold what was sent, such messages are stopped at the door, and the audit trail
notes the first of each socket.
"""

from __future__ import annotations

import functools
import inspect
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Literal, Self, TypeGuard, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import to_json
from reflex.event import EventHandler

from ..compat import (
    EVENT_NAMESPACE,
    SETTER_PREFIX,
    EventHandlerSetVar,
    FrontendEventExceptionState,
    RegistrationContext,
    converted,
    deserializers,
    find_handler,
    hints_of,
    is_union,
    resolve_type_alias,
)

logger = logging.getLogger("authdemo.sessions")

MAX_PLACE_BYTES = 8192
"""How long an address may be that a tab says it shows, and so its query and what is beside it."""

LEAVE = f"41{EVENT_NAMESPACE},"
"""With what a page leaves, as Socket.IO's client does: the socket closes."""

_HEARTBEAT = re.compile(r"[12356](probe)?")
_MESSAGE = re.compile(rf"4([02]){re.escape(EVENT_NAMESPACE)},")
_CONNECT = "0"
_BESIDE_EVENTS = ("ping", "client_error")
_ARRAYS = (list, tuple, set, frozenset)
_SCALARS = (str, int, float, bool)


def _is_address(value: str) -> str:
    if len(value.encode()) > MAX_PLACE_BYTES:
        raise ValueError(MAX_PLACE_BYTES)
    urlsplit(value)
    return value


_Address = Annotated[str, AfterValidator(_is_address)]


class _Place(BaseModel):
    """Where a tab is, as it says."""

    model_config = ConfigDict(extra="allow")

    pathname: _Address = "/"
    asPath: _Address = "/"  # noqa: N815 - Reflex's name
    query: dict[str, str | list[str]] = {}

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        """Bound what Reflex keeps of it in the tab's state."""
        if len(to_json((self.query, self.model_extra))) > MAX_PLACE_BYTES:
            raise ValueError(MAX_PLACE_BYTES)
        return self


class _Event(BaseModel):
    name: str
    payload: dict[str, Any] = {}
    router_data: _Place = _Place()


class _Boot(BaseModel):
    """What comes with a connection: it may hold the first event."""

    event: _Event | None = None


_events = TypeAdapter(tuple[Literal["event"], _Event])
_others = TypeAdapter(tuple[Literal["ping", "client_error"]] | tuple[Literal["client_error"], Any])


@dataclass(frozen=True, eq=False)
class MessageFilter:
    """Knows the app's event handlers."""

    registry: RegistrationContext
    _explained: set[tuple[str, str]] = field(default_factory=set, init=False)

    def accepts(self, message: str) -> bool:
        """Tell whether the app has any use for a message."""
        head = _MESSAGE.match(message)
        if head is None:
            return _HEARTBEAT.fullmatch(message) is not None
        body = message[head.end() :]
        try:
            if head[1] == _CONNECT:
                boot = _Boot.model_validate_json(body or "{}").event
                return boot is None or self._can_be_taken(boot)
            return self._is_event(body)
        except ValidationError:
            return False

    def _is_event(self, body: str) -> bool:
        if body.startswith(tuple(f'["{name}"' for name in _BESIDE_EVENTS)):
            _others.validate_json(body)
            return True
        return self._can_be_taken(_events.validate_json(body)[1])

    def _can_be_taken(self, event: _Event) -> bool:
        known = find_handler(self.registry, event.name)
        if known is None:
            return False
        handler = known[1]
        if not has_arguments(handler, event.payload):
            return False
        argument = mismatched_argument(handler, event.payload)
        if argument is not None:
            self._explain(event.name, handler, argument)
            return False
        if known[0] is FrontendEventExceptionState:  # which fails at what isn't text
            info = event.payload.get("info", "")
            if not isinstance(info, str):
                return False
        return not isinstance(handler, EventHandlerSetVar) or _has_setter(
            handler.state, event.payload["var_name"]
        )

    def _explain(self, name: str, handler: EventHandler, argument: str) -> None:
        """Tell the app's developers, once for each argument, and never with the value."""
        is_declared = argument in _signature(handler.fn).parameters
        if is_declared and (name, argument) not in self._explained:
            self._explained.add((name, argument))
            logger.info("An event was rejected: %s can't take its %r.", name, argument)


_signature = functools.cache(inspect.signature)


def has_arguments(handler: EventHandler, payload: Mapping[str, Any]) -> bool:
    """Tell whether a payload has a handler's arguments: all that it needs, and no others."""
    try:
        _signature(handler.fn).bind(None, **payload)
    except TypeError:
        return False
    return True


def _has_setter(state: object, name: object) -> bool:
    return isinstance(name, str) and hasattr(state, SETTER_PREFIX + name)


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
