"""Whether what a tab sends can be what an event handler takes, as far as JSON can tell.

Only what could never work is rejected: an object where there must be a list, text that is
no number, or what the type of an argument can't be made of. Beyond that an app's own handler
knows best. Reflex would log what it can't convert, with its value.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import Enum
from types import NoneType
from typing import Any, TypeGuard, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from reflex.event import EventHandler
from reflex_base.event.processor.base_state_processor import _transform_event_arg
from reflex_base.utils.form import transform_form_data
from reflex_base.utils.serializers import deserializers
from reflex_base.utils.types import is_union, resolve_type_alias

_ARRAYS = (list, tuple, set, frozenset)
_SCALARS = (str, int, float, bool)


def misfit(handler: EventHandler, payload: Mapping[str, Any]) -> str | None:
    """Find an argument that a handler's annotations don't allow.

    Args:
        handler: The handler.
        payload: The arguments, by name.

    Returns:
        The name of the first that can't be converted; None if all can.
    """
    hints = handler._get_type_hints()
    return next(
        (name for name, value in payload.items() if not _fits(value, hints.get(name, Any))), None
    )


def _fits(value: object, hint: Any) -> bool:
    hint = resolve_type_alias(hint)
    try:
        if value != "":
            _transform_event_arg(value, hint)
        value = transform_form_data(value, hint)
    except Exception:  # noqa: BLE001 - an app's own types may raise anything
        return False
    return _is_one(value, hint)


def _is_one(value: object, hint: Any) -> bool:
    if is_union(hint):
        return any(_is_one(value, resolve_type_alias(each)) for each in get_args(hint))
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
    return all(_fits(each, hints.get(name, Any)) for name, each in value.items())


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
