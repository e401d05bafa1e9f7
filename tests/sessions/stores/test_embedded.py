"""The SQLite file: what was answered is on the disk, and what is broken is said plainly."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from authdemo.sessions.core.errors import ConfigurationError, StoreUnavailable
from authdemo.sessions.stores.embedded import EmbeddedStore
from tests.support.house import build

ROOT = Path(__file__).parents[3]


def acknowledged_before_a_sudden_end(folder: Path, lines: int) -> dict[str, tuple[int, str]]:
    """Kill a child in the midst of its updates; tell what it had acknowledged last."""
    command = [sys.executable, "-m", "tests.sessions.stores.acknowledging", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        heard = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        heard += [line for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    return {sid: (rev, name) for sid, rev, name in map(json.loads, heard)}


@pytest.mark.parametrize("lines", [1, 30, 61, 150, 400])
async def test_a_sudden_end_loses_nothing_that_was_acknowledged(tmp_path, lines):
    acknowledged = acknowledged_before_a_sudden_end(tmp_path, lines)
    house = build(tmp_path)
    await house.store.open()
    for sid, (rev, name) in acknowledged.items():
        record = await house.store.get(sid)
        if rev == 0:
            assert record is None, "a session that was signed out came back"
        elif record is None:
            assert rev == 21, "only a session that was about to be signed out may be gone"
        else:
            assert record.rev in (rev, rev + 1), "one update may have been on its way"
            assert record.history[rev - 1].changes["name"].new == name
    await house.store.close()


async def opens(path: Path) -> bool:
    store = EmbeddedStore(path)
    try:
        await store.open()
    finally:
        await store.close()
    return True


async def complaint(path: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        await opens(path)
    assert "\n" not in refused.value.message
    return refused.value.message


class TestFile:
    async def test_it_is_made_with_its_folder_for_its_owner_alone(self, tmp_path):
        path = tmp_path / "new" / "folder" / "sessions.db"
        house = build(path.parent)
        await house.store.open()
        await house.sign_in()
        files = list(path.parent.iterdir())
        assert path in files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        await house.store.close()

    async def test_one_that_is_no_database_is_named_and_left_alone(self, tmp_path):
        path = tmp_path / "sessions.db"
        path.write_bytes(b"This is a shopping list.\n" * 200)
        before = path.read_bytes()
        assert str(path) in await complaint(path)
        assert path.read_bytes() == before

    async def test_one_with_spoiled_pages_is_named(self, tmp_path):
        house = build(tmp_path)
        await house.store.open()
        for _ in range(200):
            await house.sign_in()
        await house.store.close()
        path = tmp_path / "sessions.db"
        octets = bytearray(path.read_bytes())
        octets[4096:-4096] = os.urandom(len(octets) - 8192)
        path.write_bytes(octets)
        assert str(path) in await complaint(path)

    async def test_one_cut_short_is_named(self, tmp_path):
        house = build(tmp_path)
        await house.store.open()
        for _ in range(50):
            await house.sign_in()
        await house.store.close()
        path = tmp_path / "sessions.db"
        os.truncate(path, 8192)
        assert str(path) in await complaint(path)

    async def test_one_of_another_program_is_named(self, tmp_path):
        path = tmp_path / "sessions.db"
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE sessions (cookie TEXT)")
        assert str(path) in await complaint(path)

    async def test_a_folder_that_can_not_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("not a folder")
        path = tmp_path / "file" / "sessions.db"
        assert str(path) in await complaint(path)

    async def test_a_folder_in_its_place_is_named(self, tmp_path):
        path = tmp_path / "sessions.db"
        path.mkdir()
        assert str(path) in await complaint(path)

    async def test_an_answer_waits_for_the_disk(self, house):
        """A power cut can't be tested here; SQLite's promise about it can."""
        (level,) = house.store._writing.execute("PRAGMA synchronous").fetchone()
        assert level == 2, "not FULL"


class TestTrouble:
    async def test_while_the_file_is_locked_writes_are_refused_soon_and_reads_go_on(
        self, house, tmp_path
    ):
        record = await house.sign_in()
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db:
            db.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(5):
                with pytest.raises(StoreUnavailable):
                    await house.rename(record, "Ada")
            assert await house.sessions.find(record.id) == record
            db.rollback()
        assert (await house.rename(record, "Ada")).rev == 2

    async def test_while_the_file_is_locked_an_expired_session_is_over_all_the_same(
        self, house, tmp_path
    ):
        record = await house.sign_in()
        house.clock.now = record.expires
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db:
            db.execute("BEGIN IMMEDIATE")
            assert await house.sessions.find(record.id) is None
            db.rollback()

    async def test_while_another_file_is_in_its_place_nothing_is_acknowledged(
        self, house, tmp_path
    ):
        record = await house.sign_in()
        path = tmp_path / "sessions.db"
        away = path.rename(tmp_path / "moved.db")
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                await house.rename(record, "Ada")
            path.touch()
        away.rename(path)
        assert (await house.rename(record, "Ada")).rev == 2

    @pytest.mark.parametrize(
        "text", ["", "not JSON", "null", "[]", "{}", '{"id": 1}', "cos\nsystem\n(S'id'\ntR."]
    )
    async def test_a_record_that_can_not_be_read_is_no_session(self, house, tmp_path, text):
        record, other = await house.sign_in(), await house.sign_in()
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db, db:
            db.execute("UPDATE sessions SET record = ? WHERE id = ?", (text, record.id))
        assert await house.sessions.find(record.id) is None
        assert await house.sessions.of_user("ada") == [other]
        await house.sessions.revoke(record.id)
