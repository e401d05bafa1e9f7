"""This app's sessions: the twin of the tutorial's `src/auth.ts`."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from authdemo.accounts import SEED_PASSWORD, SEEDS, Accounts, DemoUser
from authdemo.sessions import Auth, Credentials, Events, Pages, Settings

logger = logging.getLogger("authdemo")

settings = Settings.from_environ()
accounts = Accounts(settings.data_dir / "accounts.db")
if os.environ.get("AUTH_DEMO_ACCOUNTS") != "0":
    accounts.seed(SEEDS, SEED_PASSWORD)


async def authorize(credentials: Mapping[str, Any]) -> DemoUser | None:
    """Tell who has this id and password."""
    return await accounts.check(credentials.get("id"), credentials.get("password"))


def report(session: Mapping[str, Any], path: str) -> None:
    """Write what the home page was rendered with, as the tutorial's page does."""
    if path == "/":
        logger.info(
            "Server Side Rendering %s rev %s",
            json.dumps(session["user"]),
            session["rev"],
        )


auth = Auth(
    providers=[Credentials(authorize=authorize)],
    pages=Pages(
        sign_in="/login",
        protected=frozenset({"/", "/client", "/inspector", "/account"}),
    ),
    events=Events(session=report),
    find_user=accounts.find,
    user=DemoUser,
    words=Path(__file__).parent / "words",
    settings=settings,
)
