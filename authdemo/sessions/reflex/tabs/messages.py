"""Which messages of a tab the app has any use for.

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
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self
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
    RegistrationContext,
    find_handler,
)
from .event_guard import mismatched_argument

logger = logging.getLogger("authdemo.sessions")

MAX_PLACE_BYTES = 8192
"""How long an address may be that a tab says it shows, and so its query and what is beside it."""

_HEARTBEAT = re.compile(r"[12356](probe)?")
_MESSAGE = re.compile(rf"4([0-3])(?:{re.escape(EVENT_NAMESPACE)})?,?[0-9]*", re.ASCII)
_CONNECT, _EVENT = "0", "2"
_BESIDE_EVENTS = ("ping", "client_error")


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
            return head[1] != _EVENT or self._is_event(body)
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
        try:
            _signature(handler.fn).bind(None, **event.payload)
        except TypeError:
            return False
        argument = mismatched_argument(handler, event.payload)
        if argument is not None:
            self._explain(event.name, handler, argument)
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


def _has_setter(state: object, name: object) -> bool:
    return isinstance(name, str) and hasattr(state, SETTER_PREFIX + name)
