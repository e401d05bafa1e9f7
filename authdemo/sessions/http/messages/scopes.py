"""What every request is asked for, read from its scope without a detour."""

from __future__ import annotations

from starlette.types import Scope


def find_header(scope: Scope, name: bytes) -> str | None:
    """Find a header.

    Args:
        scope: The request or handshake.
        name: The header's name, in lower case.

    Returns:
        Its value, the first one if it came more than once; None if it didn't come.
    """
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value).decode("latin-1")
    return None


def header(scope: Scope, name: bytes) -> str:
    """Find a header as `find_header` does; one that didn't come is empty."""
    return find_header(scope, name) or ""


def is_scripts(scope: Scope) -> bool:
    """Tell whether a page's script sends a request, and no person or program (Fetch Metadata)."""
    return header(scope, b"sec-fetch-mode") in ("cors", "same-origin", "no-cors")


def wants_page(scope: Scope) -> bool:
    """Tell whether a person looks at the answer: browsers ask for HTML by name."""
    return "text/html" in header(scope, b"accept")
