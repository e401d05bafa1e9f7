"""The SQLite file: what was answered is on the disk, and what is broken is said plainly."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from authdemo.sessions.core.errors import ConfigurationError, StoreUnavailable
from authdemo.sessions.stores import journal
from authdemo.sessions.stores.embedded import EmbeddedStore
from authdemo.testing.thread import NOON
from tests.support.house import build

ROOT = Path(__file__).parents[3]

OLDER_SCHEMA = """
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL,
    rev INTEGER NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL,
    record TEXT NOT NULL
) STRICT;
"""
TO_VERSION_3 = """
ALTER TABLE sessions RENAME COLUMN steps TO rev;
UPDATE sessions SET rev = json_extract(record, '$.rev');
PRAGMA user_version=3;
"""
STEP = {"rev": 1, "at": NOON, "cause": "sign-in", "changes": {}}
OLDER_RECORD = {
    "user": {"id": "ada", "name": "Ada Lovelace"},
    "provider": "credentials",
    "created": NOON,
    "renewed": NOON,
    "expires": NOON + 60,
    "ends": NOON + 60,
    "last_seen": NOON,
}


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
            assert (await house.store.history(sid))[rev - 1].changes["name"].new == name
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


async def complaint_at_once(path: Path) -> str:
    """What is said before a server starts, and again when it opens the file all the same."""
    with pytest.raises(ConfigurationError) as refused:
        EmbeddedStore(path).check()
    assert await complaint(path) == refused.value.message
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
        assert str(path) in await complaint_at_once(path)
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
        assert str(path) in await complaint_at_once(path)

    async def test_a_folder_that_can_not_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("not a folder")
        path = tmp_path / "file" / "sessions.db"
        assert str(path) in await complaint_at_once(path)

    async def test_a_folder_in_its_place_is_named(self, tmp_path):
        path = tmp_path / "sessions.db"
        path.mkdir()
        assert str(path) in await complaint_at_once(path)

    async def test_one_of_an_older_version_is_brought_up_to_date(self, tmp_path):
        path = tmp_path / "sessions.db"
        sid, history = "0" * 40, [STEP, {**STEP, "rev": 2, "cause": "client"}]
        record = {**OLDER_RECORD, "id": sid, "rev": 2, "history": history}
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript(OLDER_SCHEMA)
            row = (sid, "ada", 2, NOON, NOON + 60, json.dumps(record))
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?)", row)
        for _ in range(2):
            store = EmbeddedStore(path)
            await store.open()
            found = await store.get(sid)
            assert found is not None
            assert (found.user_id, found.rev, found.steps, found.latest.rev) == ("ada", 2, 2, 2)
            assert [step.cause for step in await store.history(sid)] == ["sign-in", "client"]
            assert [each.id for each in await store.of_user("ada")] == [sid]
            await store.close()

    async def test_one_of_a_newer_version_is_left_to_that_version(self, tmp_path):
        path = tmp_path / "sessions.db"
        assert await opens(path)
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript("PRAGMA user_version=99; PRAGMA journal_mode=DELETE;")
        before = path.read_bytes()
        assert await complaint_at_once(path) == (
            f"A newer version of authdemo has made the session database {path}. Start that "
            "version, or move the file away to begin with no sessions."
        )
        assert path.read_bytes() == before

    async def test_a_session_that_was_renewed_under_an_older_version_goes_on(self, tmp_path):
        house = build(tmp_path)
        await house.store.open()
        record = await house.sessions.confirm((await house.sign_in()).id)
        await house.store.close()
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db, db:
            db.executescript(TO_VERSION_3)
        newer = build(tmp_path)
        await newer.store.open()
        assert await newer.sessions.find(record.id) == record
        assert (await newer.rename(record, "Countess")).steps == 3
        await newer.store.close()


class SlowDisk:
    """A disk that keeps nothing until the test lets it, and counts how often it is asked."""

    def __init__(self, monkeypatch):
        self.is_free = threading.Event()
        self.waits = 0
        self._asked = threading.Event()
        self._sync = journal._sync
        monkeypatch.setattr(journal, "_sync", self._wait)

    def _wait(self, file):
        self.waits += 1
        self._asked.set()
        assert self.is_free.wait(10)
        self._sync(file)

    async def is_asked(self):
        assert await asyncio.to_thread(self._asked.wait, 10)


class TestDisk:
    async def test_an_answer_waits_for_the_disk(self, house, monkeypatch):
        record = await house.sign_in()
        disk = SlowDisk(monkeypatch)
        update = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_asked()
        assert not update.done()
        disk.is_free.set()
        assert (await update).rev == 2

    async def test_reads_do_not_wait_for_it(self, house, monkeypatch):
        record, other = await house.sign_in(), await house.sign_in()
        disk = SlowDisk(monkeypatch)
        update = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_asked()
        assert await house.sessions.find(other.id) == other
        disk.is_free.set()
        await update

    async def test_what_comes_meanwhile_is_written_together(self, house, monkeypatch):
        records = [await house.sign_in() for _ in range(40)]
        disk = SlowDisk(monkeypatch)
        updates = [asyncio.create_task(house.rename(record, "Ada")) for record in records]
        await disk.is_asked()
        disk.is_free.set()
        assert {record.rev for record in await asyncio.gather(*updates)} == {2}
        assert disk.waits <= 2

    async def test_one_that_does_not_fit_spoils_nothing_for_the_others(self, house):
        record = await house.sign_in()
        others = [record.model_copy(update={"id": sid}) for sid in ("a", "a", "b")]
        created = (house.store.create(other) for other in others)
        first, second, third = await asyncio.gather(*created, return_exceptions=True)
        assert (first, third) == (None, None)
        assert isinstance(second, StoreUnavailable)
        assert (await house.store.get("b")).id == "b"

    async def test_one_that_no_file_can_hold_leaves_nobody_waiting_and_nothing_half_done(
        self, house
    ):
        record = await house.sign_in()
        bad = record.model_copy(update={"id": "bad", "user": {"id": "ada", "name": "\ud800"}})
        good = record.model_copy(update={"id": "good"})
        both = asyncio.gather(
            house.store.create(good), house.store.create(bad), return_exceptions=True
        )
        answers = await asyncio.wait_for(both, 5)
        assert all(isinstance(answer, ValueError) for answer in answers)
        assert await house.store.get("good") is None
        await asyncio.wait_for(house.store.create(good), 5)
        assert (await house.store.get("good")).id == "good"

    async def test_a_disk_that_keeps_nothing_is_not_believed_again(
        self, house, monkeypatch, caplog
    ):
        record = await house.sign_in()

        def fail(_):
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(journal, "_sync", fail)
        with pytest.raises(StoreUnavailable):
            await house.rename(record, "Ada")
        monkeypatch.undo()
        for attempt in (house.rename(record, "Ada"), house.sessions.find(record.id)):
            with pytest.raises(StoreUnavailable):
                await attempt
        assert [entry for entry in caplog.messages if "damaged" in entry]

    async def test_the_log_does_not_grow_for_ever(self, open_house, tmp_path, monkeypatch):
        frame, pages = 4096 + 24, 500
        monkeypatch.setattr(journal, "_PAGES_BETWEEN_CHECKPOINTS", pages)
        house = await open_house()
        record = await house.sign_in()
        sizes = []
        for number in range(900):
            record = await house.rename(record, f"Ada {number}")
            sizes.append((tmp_path / "sessions.db-wal").stat().st_size)
        assert pages * frame < max(sizes) < 1.1 * pages * frame


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
