"""This app's sessions: the twin of the tutorial's `src/auth.ts`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from authdemo import metrics, seeds
from authdemo.accounts import Accounts, Member
from authdemo.accounts.passkey_form import passkey_confirm_button
from authdemo.logs import write_line
from authdemo.sessions import AuditEvent, Auth, Callbacks, Credentials, Events, Pages
from authdemo.sessions.providers import providers_from_environ

accounts = Accounts()
is_seeded = seeds.is_enabled(os.environ)
if is_seeded:
    accounts.seed(seeds.SEEDS, seeds.SEED_PASSWORD)


async def authorize(credentials: Mapping[str, Any]) -> Member | None:
    """Tell who has this id and password."""
    return await accounts.check(credentials.get("id"), credentials.get("password"))


def report(session: Mapping[str, Any], path: str) -> None:
    """Write what the home page was rendered with, as the tutorial's page does."""
    if path == "/":
        user, rev = to_json(session["user"]).decode(), session["rev"]
        write_line(f"Server Side Rendering {user} rev {rev}")


async def audit(event: AuditEvent) -> None:
    """Log and count what happens, and mail users what concerns their accounts."""
    event.log()
    metrics.count(event)
    await accounts.notices.follow(event)


def can_impersonate(*, actor: Member, user: Member) -> bool:
    """Let administrators act as users, and not as each other."""
    return actor.role == "admin" and user.role != "admin"


auth = Auth(
    providers=[
        Credentials(authorize=authorize),
        accounts.links.provider(),
        accounts.passkeys.provider(),
        *providers_from_environ(),
    ],
    pages=Pages(
        sign_in="/login",
        protected=frozenset({"/", "/client", "/inspector", "/account"}),
    ),
    callbacks=Callbacks(impersonate=can_impersonate),
    events=Events(session=report, audit=audit),
    find_user=accounts.find,
    second_factor=accounts.second_factor,
    save_user=accounts.save,
    proofs=[passkey_confirm_button],
    user=Member,
    locales=Path(__file__).parent / "locales",
)
accounts.attach(auth)
