"""Stores with many sessions, filled by the store's own code."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Collection
from pathlib import Path

from authdemo.accounts import Member
from authdemo.sessions import Credentials, Settings
from authdemo.sessions.core.callbacks import Account
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.record import SessionRecord
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.engine import Engine
from benchmarks.apps import EMAIL, NAME
from tests.support.server import SECRET

AT_ONCE = 100
"""So many sessions are created at the same moment; the store writes them down together."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it


def fill(
    data: Path, count: int, *, wanted: Collection[int] = (), life: float | None = None
) -> dict[int, str]:
    """Make a data folder with sessions of as many users.

    Each session is created by `SessionStore.create`, in memory if that can be had; the
    file that comes of it is then put where the server looks for it.

    Args:
        data: The data folder, not there yet.
        count: How many sessions.
        wanted: The numbers of those whose tokens are wanted.
        life: How many seconds they live; as long as sessions do by default.

    Returns:
        The tokens by number.
    """
    place = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as folder:
        tokens = asyncio.run(_fill(Path(folder), count, frozenset(wanted), life))
        copy(Path(folder), data)
    return tokens


def copy(folder: Path, data: Path) -> None:
    """Copy a data folder, and wait until the disk has the copy: it has enough to do later.

    Args:
        folder: The folder.
        data: Where the copy will be.
    """
    shutil.copytree(folder, data)
    os.sync()


async def _fill(
    folder: Path, count: int, wanted: frozenset[int], life: float | None
) -> dict[int, str]:
    auth = Engine(
        providers=[Credentials(authorize=lambda _: None)],
        user=Member,
        settings=Settings(keys=KeyRing([SECRET]), data_dir=folder),
    )
    sessions = auth.sessions
    tokens: dict[int, str] = {}
    await sessions.store.open()
    try:
        first = await sessions.begin(_user(0), Account("credentials", "credentials"))
        await sessions.end(first.id, "signed-out")
        for begin in range(0, count, AT_ONCE):
            numbers = range(begin, min(begin + AT_ONCE, count))
            records = {number: _another(first, number, life) for number in numbers}
            await asyncio.gather(*map(sessions.store.create, records.values()))
            chosen = wanted & records.keys()
            tokens |= {
                number: sessions.serializers.issue_token(records[number]) for number in chosen
            }
    finally:
        await sessions.store.close()
    return tokens


def _another(first: SessionRecord, number: int, life: float | None) -> SessionRecord:
    expires = first.expires_at if life is None else time.time() + life
    changed = {"id": new_id(), "user": _user(number).model_dump(), "expires_at": expires}
    return first.model_copy(update=changed)


def _user(number: int) -> Member:
    return Member(id=f"stored-{number}", name=NAME, email=EMAIL)
