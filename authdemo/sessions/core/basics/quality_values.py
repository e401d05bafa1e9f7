"""What a client would rather have: lists with weights (RFC 9110, section 12.4.2)."""

from __future__ import annotations


def weighted(field: str) -> list[tuple[str, float]]:
    """Read such a list.

    Args:
        field: The value of a header, like `zh, en;q=0.5`.

    Returns:
        Each item in lower case with its weight, in the order of the list. What has no weight
        weighs 1, and what has one that is no number weighs nothing.
    """
    parts = (part.partition(";") for part in field.split(","))
    return [(item.strip().casefold(), _weight(given)) for item, _, given in parts]


def _weight(given: str) -> float:
    name, _, value = given.strip().partition("=")
    if name not in ("q", "Q"):
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
