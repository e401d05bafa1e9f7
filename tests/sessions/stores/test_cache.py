"""What the embedded store keeps in memory is never older than the file, whoever wrote it."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from authdemo.sessions.stores import cache
from authdemo.sessions.stores.embedded import EmbeddedStore
from authdemo.testing.thread import NOON
from tests.sessions.stores.test_store_protocol import renamed, session

WRITERS = st.sampled_from(["one", "other"])
SIDS = st.integers(0, 3)


class TwoPrograms(RuleBasedStateMachine):
    """Two stores on one file, and a third program that knows nothing of either."""

    @initialize()
    def open(self):
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "sessions.db"
        self.stores = {name: EmbeddedStore(self.path) for name in ("one", "other")}
        for store in self.stores.values():
            self.run(store.open())
        self.records = [session() for _ in range(4)]
        self.living = {}

    def run(self, work):
        return self.loop.run_until_complete(work)

    @rule(writer=WRITERS, number=SIDS)
    def create(self, writer, number):
        record = self.records[number]
        if record.id not in self.living:
            self.run(self.stores[writer].create(record))
            self.living[record.id] = record

    @rule(writer=WRITERS, number=SIDS, name=st.text("abc", max_size=3))
    def update(self, writer, number, name):
        record = self.living.get(self.records[number].id)
        if record is not None:
            newer = renamed(record, name)
            assert self.run(self.stores[writer].replace(newer, expected=record))
            self.living[record.id] = newer

    @rule(writer=WRITERS, number=SIDS)
    def delete(self, writer, number):
        sid = self.records[number].id
        assert self.run(self.stores[writer].delete(sid)) == self.living.pop(sid, None)

    @rule(writer=WRITERS)
    def sweep(self, writer):
        assert self.run(self.stores[writer].sweep(NOON + 3600)) == len(self.living)
        self.living.clear()

    @rule(number=SIDS)
    def delete_by_hand(self, number):
        sid = self.records[number].id
        with closing(sqlite3.connect(self.path)) as db, db:
            db.execute("DELETE FROM sessions WHERE id = ?", (sid,))
        self.living.pop(sid, None)

    @invariant()
    def everyone_reads_what_is_so(self):
        for store in self.stores.values():
            for record in self.records:
                assert self.run(store.get(record.id)) == self.living.get(record.id)

    def teardown(self):
        for store in getattr(self, "stores", {}).values():
            self.run(store.close())
        self.loop.close()
        self.folder.cleanup()


TestTwoPrograms = TwoPrograms.TestCase
TestTwoPrograms.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


async def test_a_record_is_read_from_the_file_once(house, monkeypatch):
    record = await house.sign_in()
    assert await house.store.get(record.id) == record
    monkeypatch.setattr(EmbeddedStore, "_read", None)
    assert await house.store.get(record.id) == record


async def test_the_record_that_was_used_longest_ago_makes_room(house, monkeypatch):
    monkeypatch.setattr(cache, "_MOST", 3)
    first, second, third, fourth = [await house.sign_in() for _ in range(4)]
    for record in (first, second, third, first, fourth):
        assert await house.store.get(record.id) == record
    monkeypatch.setattr(EmbeddedStore, "_read", lambda *_: [])
    found = [await house.store.get(record.id) for record in (first, second, third, fourth)]
    assert found == [first, None, third, fourth]
