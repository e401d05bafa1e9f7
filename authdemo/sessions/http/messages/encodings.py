"""How a page may travel to a client (RFC 9110, section 12.5.3)."""

from __future__ import annotations

from functools import lru_cache

from starlette.types import Scope

from ...core.basics.quality_values import weighted
from .scopes import header

_MOST_REMEMBERED = 256
_LONGEST_READ = 256


def takes_gzip(scope: Scope) -> bool:
    """Tell whether a client would have a page packed.

    Args:
        scope: The request.

    Returns:
        Whether it takes gzip, and likes it as well as the page as it is. A client that says
        nothing, or more than clients say, gets the page as it is: that is always right.
    """
    accepted = header(scope, b"accept-encoding")
    return len(accepted) <= _LONGEST_READ and _takes_gzip(accepted)


@lru_cache(_MOST_REMEMBERED)
def _takes_gzip(accepted: str) -> bool:
    weights = dict(weighted(accepted))
    gzip = weights.get("gzip", weights.get("*", 0.0))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)
