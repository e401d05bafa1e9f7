"""Strict JSON.

Python's `json` takes the last of two equal names, and `NaN`, and lone
surrogates, and reads `1e400` as infinity. Two programs that read such a text
differently can be played off against each other, so it is refused (RFC 8725
section 2.4, RFC 8259 section 4).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from pydantic_core import to_json


def loads(octets: bytes) -> Any:
    """Read a JSON text."""
    text = octets.decode("utf-8", "strict")
    try:
        value = _decode(text)
        if "\\u" in text:  # it may name half of a surrogate pair, which no text can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8", "strict")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    return value


dumps: Callable[[object], bytes] = partial(to_json, inf_nan_mode="null")
"""Writes a JSON text, with nothing between its tokens."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("a name occurs twice")
    return names


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError(f"{number[:20]} is too large")
    return value


_decode = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
).decode
