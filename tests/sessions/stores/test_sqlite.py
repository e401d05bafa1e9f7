"""The embedded store: acknowledged changes are durable, and problems have clear messages."""

from __future__ import annotations

import asyncio
import functools
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

from authdemo.sessions.core.errors import ConfigurationError, NotAuthenticated, StoreUnavailable
from authdemo.sessions.stores import sqlite
from authdemo.sessions.stores.sqlite import SQLiteStore
from tests.support.house import build

ROOT = Path(__file__).parents[3]


def acknowledged_before_a_sudden_end(folder: Path, lines: int) -> dict[str, tuple[int, str]]:
    """Kill a child during its updates; return what it acknowledged last."""
    command = [sys.executable, "-m", "tests.sessions.stores.acknowledging", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        lines_read = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        lines_read += [line for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    return {sid: (rev, name) for sid, rev, name in map(json.loads, lines_read)}


@pytest.mark.parametrize("lines", [1, 61, 400])
async def test_killed_process_loses_no_acknowledged_change(tmp_path, lines):
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
    store = SQLiteStore(path)
    try:
        await store.open()
    finally:
        await store.close()
    return True


async def error_at_open(path: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        await opens(path)
    assert "\n" not in refused.value.message
    return refused.value.message


async def error_before_start(path: Path) -> str:
    """Return the error of the check before a start, which opening the file repeats."""
    with pytest.raises(ConfigurationError) as refused:
        SQLiteStore(path).check()
    assert await error_at_open(path) == refused.value.message
    return refused.value.message


class TestFile:
    async def test_file_and_folder_are_created_for_their_owner_only(self, tmp_path):
        path = tmp_path / "new" / "folder" / "sessions.db"
        house = build(path.parent)
        await house.store.open()
        await house.sign_in()
        files = list(path.parent.iterdir())
        assert path in files
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
        await house.store.close()

    async def test_file_that_is_not_a_database_is_rejected_and_unchanged(self, tmp_path):
        path = tmp_path / "sessions.db"
        path.write_bytes(b"This is a shopping list.\n" * 200)
        before = path.read_bytes()
        assert str(path) in await error_before_start(path)
        assert path.read_bytes() == before

    async def test_file_with_damaged_pages_is_rejected(self, tmp_path):
        house = build(tmp_path)
        await house.store.open()
        for _ in range(50):
            await house.sign_in()
        await house.store.close()
        path = tmp_path / "sessions.db"
        octets = bytearray(path.read_bytes())
        octets[4096:-4096] = os.urandom(len(octets) - 8192)
        path.write_bytes(octets)
        assert str(path) in await error_at_open(path)

    async def test_truncated_file_is_rejected(self, tmp_path):
        house = build(tmp_path)
        await house.store.open()
        for _ in range(50):
            await house.sign_in()
        await house.store.close()
        path = tmp_path / "sessions.db"
        os.truncate(path, 8192)
        assert str(path) in await error_at_open(path)

    async def test_file_of_another_program_is_rejected(self, tmp_path):
        path = tmp_path / "sessions.db"
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE sessions (cookie TEXT)")
        assert str(path) in await error_before_start(path)

    async def test_folder_that_cannot_be_created_is_rejected(self, tmp_path):
        (tmp_path / "file").write_text("not a folder")
        path = tmp_path / "file" / "sessions.db"
        assert str(path) in await error_before_start(path)

    async def test_folder_in_place_of_the_file_is_rejected(self, tmp_path):
        path = tmp_path / "sessions.db"
        path.mkdir()
        assert str(path) in await error_before_start(path)

    async def test_file_of_another_version_is_rejected_and_unchanged(self, tmp_path):
        path = tmp_path / "sessions.db"
        assert await opens(path)
        with closing(sqlite3.connect(path)) as db, db:
            db.executescript("PRAGMA user_version=99; PRAGMA journal_mode=DELETE;")
        before = path.read_bytes()
        assert "another version of authdemo" in await error_before_start(path)
        assert path.read_bytes() == before

    async def test_file_of_a_running_process_is_rejected_until_it_stops(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(sqlite, "LOCK_TRIES", 1)
        path = tmp_path / "sessions.db"
        owner = SQLiteStore(path)
        await owner.open()
        assert await error_before_start(path) == (
            f"Another process uses the session database {path}. Stop that process, or set "
            "REFLEX_REDIS_URL, so that several processes share their sessions in Redis."
        )
        await owner.close()
        SQLiteStore(path).check()
        assert await opens(path)

    async def test_open_waits_for_a_process_that_stops_soon(self, tmp_path):
        path = tmp_path / "sessions.db"
        owner = SQLiteStore(path)
        await owner.open()
        opening = asyncio.create_task(opens(path))
        await asyncio.wait([opening], timeout=0.1)
        assert not opening.done()
        await owner.close()
        assert await asyncio.wait_for(opening, 5)


class Disk:
    """A disk that can be stopped, can fail, and counts commits."""

    def __init__(self):
        self.is_free = threading.Event()
        self.is_free.set()
        self.commits = 0
        self.error_code = None
        self._is_committing = threading.Event()

    def stop(self):
        self.is_free.clear()
        self._is_committing.clear()
        self.commits = 0

    def commit(self):
        self.commits += 1
        self._is_committing.set()
        assert self.is_free.wait(10)
        if self.error_code is not None:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self.error_code
            raise error

    async def is_committing(self):
        assert await asyncio.to_thread(self._is_committing.wait, 10)


@pytest.fixture
def disk(monkeypatch):
    """The disk of the store."""
    disk = Disk()

    class Connection(sqlite3.Connection):
        def execute(self, statement, *parameters):
            if statement == "COMMIT":
                disk.commit()
            return super().execute(statement, *parameters)

    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.2)
    connect = functools.partial(sqlite3.connect, factory=Connection)
    monkeypatch.setattr(sqlite3, "connect", connect)
    return disk


@pytest.fixture
def house(disk, open_house):
    """A house on that disk."""
    return asyncio.run(open_house())


class TestDisk:
    async def test_commit_syncs_the_disk(self, house):
        assert house.store._file._writer.execute("PRAGMA synchronous").fetchone() == (2,)
        assert house.store._file._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    async def test_update_waits_for_the_disk(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        update = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_committing()
        assert not update.done()
        disk.is_free.set()
        assert (await update).rev == 2

    async def test_read_does_not_wait_and_finds_the_durable_record(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        update = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_committing()
        assert await house.sessions.find(record.id) == record
        assert await house.sessions.list_by_user("ada") == [record]
        assert house.notices == []
        disk.is_free.set()
        updated = await update
        assert await house.sessions.find(record.id) == updated

    async def test_ended_session_is_read_until_its_end_is_durable(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        end = asyncio.create_task(house.sessions.end(record.id, "revoked"))
        await disk.is_committing()
        update = asyncio.create_task(house.rename(record, "Ada"))
        assert await house.sessions.find(record.id) == record
        assert not update.done()
        disk.is_free.set()
        await end
        with pytest.raises(NotAuthenticated):
            await update
        assert await house.sessions.find(record.id) is None

    async def test_updates_of_many_sessions_are_committed_together(self, house, disk):
        records = [await house.sign_in() for _ in range(40)]
        disk.stop()
        updates = [asyncio.create_task(house.rename(record, "Ada")) for record in records]
        await disk.is_committing()
        disk.is_free.set()
        assert {record.rev for record in await asyncio.gather(*updates)} == {2}
        assert disk.commits <= 2

    async def test_updates_of_one_session_are_committed_together(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        names = [f"Ada {number}" for number in range(40)]
        updates = [asyncio.create_task(house.rename(record, name)) for name in names]
        await disk.is_committing()
        disk.is_free.set()
        updated = await asyncio.gather(*updates)
        assert [each.rev for each in updated] == list(range(2, 42))
        assert disk.commits <= 2
        assert (await house.sessions.find(record.id)).user["name"] == names[-1]
        steps = await house.store.history(record.id)
        assert [step.changes["name"].new for step in steps] == ["Ada Lovelace", *names]
        changed = [notice.changes["name"].new for notice in house.notices]
        assert changed == names

    async def test_failed_commit_fails_the_changes_that_follow_it(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        disk.error_code = sqlite3.SQLITE_FULL
        first = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_committing()
        second = asyncio.create_task(house.rename(record, "Countess"))
        unchanged = asyncio.create_task(house.rename(record, "Ada"))
        outdated = house.update(record.id, {}, author="client", if_rev=[1])
        later = [second, unchanged, asyncio.create_task(outdated)]
        await asyncio.wait(later, timeout=0.1)
        assert not any(each.done() for each in later)
        disk.is_free.set()
        answers = await asyncio.gather(first, *later, return_exceptions=True)
        assert {type(answer) for answer in answers} == {StoreUnavailable}
        disk.error_code = None
        assert await house.sessions.find(record.id) == record
        assert house.notices == []
        assert (await house.rename(record, "Countess")).rev == 2

    async def test_cancelled_update_does_not_cancel_others(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        first = asyncio.create_task(house.rename(record, "Ada"))
        await disk.is_committing()
        second = asyncio.create_task(house.rename(record, "Ada"))
        await asyncio.wait([second], timeout=0.1)
        first.cancel()
        disk.is_free.set()
        assert (await second).rev == 2
        assert await house.sessions.find(record.id) == await second

    async def test_sweep_keeps_a_session_with_a_pending_renewal(self, house, disk):
        record, other = await house.sign_in(), await house.sign_in()
        disk.stop()
        renewed = record.model_copy(update={"expires_at": record.expires_at + 60})
        ordered = await house.store.replace(renewed, expected=record)
        sweep = asyncio.create_task(house.store.sweep(record.expires_at))
        await disk.is_committing()
        disk.is_free.set()
        await ordered.commit
        assert await sweep == 1
        assert await house.store.get(record.id) == renewed
        assert await house.store.get(other.id) is None

    async def test_session_renewed_before_its_expiry_is_found(self, house, disk):
        record = await house.sign_in()
        disk.stop()
        house.clock.now = record.expires_at - 1
        renewal = asyncio.create_task(house.sessions.renew(record))
        await disk.is_committing()
        house.clock.now = record.expires_at
        find = asyncio.create_task(house.sessions.find(record.id))
        await asyncio.wait([find], timeout=0.1)
        disk.is_free.set()
        assert await find == await renewal

    async def test_duplicate_id_fails_alone_in_its_batch(self, house):
        record = await house.sign_in()
        others = [record.model_copy(update={"id": sid}) for sid in ("a", "a", "b")]
        created = (house.store.create(other) for other in others)
        first, second, third = await asyncio.gather(*created, return_exceptions=True)
        assert (first, third) == (None, None)
        assert isinstance(second, StoreUnavailable)
        assert (await house.store.get("b")).id == "b"

    async def test_record_that_cannot_be_encoded_fails_alone_in_its_batch(self, house):
        record = await house.sign_in()
        bad = record.model_copy(update={"id": "bad", "user": {"id": "ada", "name": "\ud800"}})
        good = record.model_copy(update={"id": "good"})
        both = asyncio.gather(
            house.store.create(good), house.store.create(bad), return_exceptions=True
        )
        kept, refused = await asyncio.wait_for(both, 5)
        assert kept is None
        assert isinstance(refused, ValueError)
        assert (await house.store.get("good")).id == "good"

    async def test_store_stays_failed_after_a_failed_sync(self, house, disk, caplog):
        record = await house.sign_in()
        disk.stop()
        disk.error_code = sqlite3.SQLITE_IOERR_FSYNC
        updates = [asyncio.create_task(house.rename(record, "Ada"))]
        await disk.is_committing()
        updates.append(asyncio.create_task(house.rename(record, "Countess")))
        await asyncio.wait(updates, timeout=0.1)
        disk.is_free.set()
        answers = await asyncio.gather(*updates, return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
        assert disk.commits == 1
        disk.error_code = None
        for attempt in (house.rename(record, "Ada"), house.sessions.find(record.id)):
            with pytest.raises(StoreUnavailable):
                await attempt
        assert len([entry for entry in caplog.messages if "damaged" in entry]) == 1

    async def test_sweep_deletes_expired_one_time_values(self, house):
        await house.store.put_value("old", "value", expires=1)
        await house.store.put_value("new", "value", expires=2)
        await house.store.sweep(1)
        assert await house.store.consume_value("old", now=0) is None
        assert await house.store.consume_value("new", now=0) == "value"

    async def test_write_ahead_log_is_checkpointed(self, open_house, tmp_path, monkeypatch):
        frame, pages = 4096 + 24, 200
        monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", pages)
        house = await open_house()
        record = await house.sign_in()
        sizes = []
        for number in range(360):
            record = await house.rename(record, f"Ada {number}")
            sizes.append((tmp_path / "sessions.db-wal").stat().st_size)
        assert pages * frame < max(sizes) < 1.1 * pages * frame


class TestCache:
    async def test_record_is_read_from_the_file_once(self, house, monkeypatch):
        record = await house.sign_in()
        assert await house.store.get(record.id) == record
        monkeypatch.setattr(SQLiteStore, "_read", None)
        assert await house.store.get(record.id) == record

    async def test_cache_evicts_the_least_recently_used_record(self, house, monkeypatch):
        monkeypatch.setattr(sqlite, "MAX_CACHED", 3)
        first, second, third, fourth = [await house.sign_in() for _ in range(4)]
        for record in (first, second, third, first, fourth):
            assert await house.store.get(record.id) == record
        monkeypatch.setattr(SQLiteStore, "_read", lambda *_: [])
        found = [await house.store.get(record.id) for record in (first, second, third, fourth)]
        assert found == [first, None, third, fourth]


class TestTrouble:
    async def test_locked_file_fails_writes_soon_and_serves_reads(self, house, tmp_path):
        record = await house.sign_in()
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db:
            db.execute("BEGIN IMMEDIATE")
            async with asyncio.timeout(5):
                with pytest.raises(StoreUnavailable):
                    await house.rename(record, "Ada")
            assert await house.sessions.find(record.id) == record
            db.rollback()
        assert (await house.rename(record, "Ada")).rev == 2

    async def test_expired_session_is_not_found_in_a_locked_file(self, house, tmp_path):
        record = await house.sign_in()
        house.clock.now = record.expires_at
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db:
            db.execute("BEGIN IMMEDIATE")
            assert await house.sessions.find(record.id) is None
            db.rollback()

    async def test_replaced_file_acknowledges_nothing(self, house, tmp_path):
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
    async def test_unreadable_record_is_not_found(self, house, tmp_path, text):
        record, other = await house.sign_in(), await house.sign_in()
        with closing(sqlite3.connect(tmp_path / "sessions.db")) as db, db:
            db.execute("UPDATE sessions SET record = ? WHERE id = ?", (text, record.id))
        assert await house.sessions.find(record.id) is None
        assert await house.sessions.list_by_user("ada") == [other]
        await house.sessions.end(record.id, "revoked")
