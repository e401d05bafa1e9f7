"""The demo's accounts, two of which are there from the beginning."""

from __future__ import annotations

import os

from authdemo.sessions.accounts import Accounts, Member

SEEDS = (
    Member(id="john_doe", name="John Doe", email="email@email.email", role="user"),
    Member(id="jane_admin", name="Jane Admin", email="jane@email.email", role="admin"),
)
SEED_PASSWORD = "tutorial"  # noqa: S105 - the demo's accounts are for everyone

accounts = Accounts()
if os.environ.get("AUTH_DEMO_ACCOUNTS") != "0":
    accounts.seed(SEEDS, SEED_PASSWORD)
