"""The accounts that the demo has from the beginning, unless its operator says no."""

from __future__ import annotations

from collections.abc import Mapping

from authdemo.accounts import Member
from authdemo.sessions import ConfigurationError

SEEDS = (
    Member(id="john_doe", name="John Doe", email="email@email.email", role="user"),
    Member(id="jane_admin", name="Jane Admin", email="jane@email.email", role="admin"),
)
SEED_PASSWORD = "tutorial"  # noqa: S105 - the demo's accounts are for everyone


def is_enabled(environ: Mapping[str, str]) -> bool:
    """Tell whether the operator wants them."""
    said = environ.get("AUTH_DEMO_ACCOUNTS") or "1"
    if said not in ("0", "1"):
        raise ConfigurationError(f"AUTH_DEMO_ACCOUNTS takes 0 or 1, not {said!r}.")
    return said == "1"
