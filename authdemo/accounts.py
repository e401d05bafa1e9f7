"""The demo's accounts, two of which are there from the beginning."""

from __future__ import annotations

import os

from authdemo import seeds
from authdemo.sessions.accounts import Accounts

accounts = Accounts()
is_seeded = seeds.are_wanted(os.environ)
if is_seeded:
    accounts.seed(seeds.SEEDS, seeds.SEED_PASSWORD)
