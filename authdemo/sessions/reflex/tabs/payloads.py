"""Whether what a tab sends can be what an event handler takes, as far as JSON can tell.

Only what could never work is refused: an object where there must be a list, or text that is
no number. Beyond that an app's own handler knows best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from reflex.event import EventHandler
from reflex_base.utils.form import transform_form_data
from reflex_base.utils.serializers import deserializers
from reflex_base.utils.types import is_union, resolve_type_alias

_ARRAYS = (list, tuple, set, frozenset)
_SCALARS = (str, int, float, bool)


def fits(handler: EventHandler, payload: Mapping[str, Any]) -> bool:
    """Tell whether a handler's annotations allow what is sent to it.

    Args:
        handler: The handler.
        payload: The arguments, by name.

    Returns:
        False if one of them is of another JSON type.
    """
    hints = handler._get_type_hints()
    return all(_fits(value, hints.get(name, Any)) for name, value in payload.items())


def _fits(value: object, hint: Any) -> bool:
    hint = resolve_type_alias(hint)
    try:
        value = transform_form_data(value, hint)
    except (TypeError, ValueError):
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
        return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
    if issubclass(kind, _ARRAYS) or kind is Sequence:
        return isinstance(value, list)
    return kind not in _SCALARS or _is_scalar(value, kind)


def _is_scalar(value: object, kind: type) -> bool:
    """Browsers send numbers as text, and nothing for a field that was emptied."""
    read: Any = deserializers.get(kind)
    if isinstance(value, str) and value and read is not None:
        try:
            read(value)
        except ValueError:
            return False
    return value is None or isinstance(value, _SCALARS)
