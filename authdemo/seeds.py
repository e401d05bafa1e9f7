"""The demo's first accounts."""

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
    """Tell whether `AUTH_DEMO_ACCOUNTS` asks for them."""
    value = environ.get("AUTH_DEMO_ACCOUNTS") or "1"
    if value not in ("0", "1"):
        raise ConfigurationError(f"AUTH_DEMO_ACCOUNTS takes 0 or 1, not {value!r}.")
    return value == "1"
