"""What every request is asked for, read from its scope without a detour."""

from __future__ import annotations

from starlette.types import Scope


def header(scope: Scope, name: bytes, default: str = "") -> str:
    """Find a header.

    Args:
        scope: The request or handshake.
        name: The header's name, in lower case.
        default: What to say if there is none.

    Returns:
        Its value; the first one if it came more than once.
    """
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return default


def has_header(scope: Scope, name: bytes) -> bool:
    """Tell whether a header came along.

    Args:
        scope: The request or handshake.
        name: The header's name, in lower case.

    Returns:
        Whether it did, if only empty.
    """
    return any(key == name for key, _ in scope["headers"])
