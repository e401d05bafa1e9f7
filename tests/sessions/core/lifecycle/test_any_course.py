"""The invariants of sessions hold after any sequence of operations."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from authdemo.sessions.core.errors import NotAuthenticated, UpdateRejected
from authdemo.sessions.core.record import MAX_HISTORY
from authdemo.sessions.core.tokens import LEEWAY
from tests.support.house import ADA, GRACE, HOUR, OPTIONS, build

T = TypeVar("T")

NAMES = st.sampled_from(["Ada", "Grace", "Countess", "Admiral"])
TIMES = st.sampled_from([1, 60, HOUR - 1, HOUR, 6 * HOUR, 24 * HOUR - 1, 24 * HOUR, 72 * HOUR])
AUTHORS = st.sampled_from(["client", "server"])


@dataclass
class Expected:
    """What should be so of one session, kept in the simplest way."""

    sid: str
    user: dict[str, Any]
    expires: float
    ends: float
    rev: int = 1
    confirmed: float = 0
    ended: bool = False
    tokens: dict[str, float] = field(default_factory=dict)

    def lives(self, now: float) -> bool:
        return not self.ended and self.expires > now

    def extend(self, now: float) -> None:
        self.expires = min(now + OPTIONS.max_age, self.ends)


class AnyCourse(RuleBasedStateMachine):
    """Sign-ins, updates, visits, sign-outs and time; every old token is tried after each."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.house = build(Path(self.folder.name))
        self.all: list[Expected] = []
        self.run(self.house.store.open())

    def teardown(self) -> None:
        self.run(self.house.store.close())
        self.loop.close()
        self.folder.cleanup()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    @property
    def now(self) -> float:
        return self.house.clock.now

    def issue_token(self, session: Expected) -> None:
        record = self.run(self.house.store.get(session.sid))
        assert record
        session.tokens[self.house.sessions.serializers.issue_token(record)] = session.expires

    @rule(target=sessions, user=st.sampled_from([ADA, GRACE]))
    def a_user_signs_in(self, user):
        record = self.run(self.house.sign_in(user))
        session = Expected(
            record.id,
            user.model_dump(),
            self.now + OPTIONS.max_age,
            self.now + OPTIONS.absolute_age,
        )
        self.all.append(session)
        self.issue_token(session)
        return session

    @rule(target=sessions, before=sessions)
    def a_user_signs_in_again_in_the_same_browser(self, before):
        record = self.run(self.house.store.get(before.sid))
        if record is None:
            return self.a_user_signs_in(ADA)
        fresh = self.run(self.house.sign_in(GRACE, replaces=record))
        before.ended = True
        session = Expected(
            fresh.id,
            GRACE.model_dump(),
            self.now + OPTIONS.max_age,
            self.now + OPTIONS.absolute_age,
        )
        self.all.append(session)
        self.issue_token(session)
        return session

    def update(self, session, fields, author):
        asked = self.house.update(session.sid, fields, author=author)
        if not session.lives(self.now):
            with pytest.raises(NotAuthenticated):
                self.run(asked)
            return
        record = self.run(asked)
        if any(session.user[name] != value for name, value in fields.items()):
            session.user |= fields
            session.rev += 1
            session.extend(self.now)
        assert (record.rev, record.user) == (session.rev, session.user)

    @rule(session=sessions, name=NAMES)
    def a_client_changes_the_name(self, session, name):
        self.update(session, {"name": name}, "client")
        if session.lives(self.now):
            self.issue_token(session)

    @rule(session=sessions, name=NAMES, role=st.sampled_from(["user", "admin"]))
    def the_server_changes_name_and_role_over_a_socket(self, session, name, role):
        """No cookie is set: the browser's token is behind from now on."""
        self.update(session, {"name": name, "role": role}, "server")

    @rule(
        session=sessions,
        fields=st.sampled_from([{"role": "root"}, {"id": "eve"}, {"rev": 9}, {"name": ""}]),
    )
    def a_client_asks_for_what_it_may_not(self, session, fields):
        error = UpdateRejected if session.lives(self.now) else NotAuthenticated
        with pytest.raises(error):
            self.run(self.house.update(session.sid, fields | {"image": ""}, author="client"))

    def verified(self, session, which):
        token = [*session.tokens][which % len(session.tokens)]
        return self.run(self.house.verify(token))

    @rule(session=sessions, which=st.integers(0, 20))
    def a_user_reauthenticates_while_another_tab_visits(self, session, which):
        verified = self.verified(session, which)
        if verified is None:
            return
        self.run(self.house.sessions.reauthenticate(session.sid))
        session.confirmed = self.now
        self.run(self.house.sessions.renew(verified.record))

    @rule(session=sessions, which=st.integers(0, 20))
    def a_user_visits_with_any_of_the_tokens(self, session, which):
        verified = self.verified(session, which)
        if verified is None:
            return
        before = verified.record
        record = self.run(self.house.sessions.renew(before))
        assert record is not None
        if not self.house.sessions.is_token_stale(verified, record):
            assert verified.claims.rev == session.rev
            return
        if record != before:
            assert self.now - before.renewed_at >= OPTIONS.update_age
            session.extend(self.now)
        self.issue_token(session)

    @rule(session=sessions, reason=st.sampled_from(["signed-out", "revoked"]))
    def a_session_is_ended(self, session, reason):
        self.run(self.house.sessions.end(session.sid, reason))
        session.ended = True

    @rule(seconds=TIMES)
    def time_passes(self, seconds):
        self.house.clock.advance(seconds)

    @precondition(lambda self: self.all)
    @rule()
    def what_has_expired_is_swept(self):
        self.run(self.house.sessions.sweep())

    @rule()
    def the_server_restarts(self):
        clock = self.house.clock
        self.run(self.house.store.close())
        self.house = build(Path(self.folder.name), clock=clock)
        self.run(self.house.store.open())

    @invariant()
    def every_token_shows_the_newest_data_or_nothing(self):
        for session in self.all:
            for token, expires in session.tokens.items():
                verified = self.run(self.house.verify(token))
                if not session.lives(self.now) or expires + LEEWAY <= self.now:
                    assert verified is None
                    continue
                assert verified is not None
                record = verified.record
                assert (record.id, record.rev, record.user) == (
                    session.sid,
                    session.rev,
                    session.user,
                )
                assert (
                    record.expires_at
                    == session.expires
                    <= session.ends
                    == record.absolute_expires_at
                )
                assert verified.claims.rev <= record.rev
                assert record.reauthenticated_at == session.confirmed
                assert record.user["id"] == verified.claims.sub

    @invariant()
    def the_history_leads_to_what_is_so(self):
        for session in self.all:
            record = self.run(self.house.sessions.find(session.sid))
            if record is None:
                continue
            steps = self.run(self.house.store.history(session.sid))
            assert 1 <= len(steps) <= MAX_HISTORY
            assert [step.rev for step in steps] == sorted(step.rev for step in steps)
            assert [step.at for step in steps] == sorted(step.at for step in steps)
            assert steps[-1] == record.last_change
            assert record.last_change.rev == record.rev
            assert all(change.old != change.new for s in steps for change in s.changes.values())

    @invariant()
    def the_list_of_sessions_holds_the_living_ones(self):
        for user in ("ada", "grace"):
            listed = {record.id for record in self.run(self.house.sessions.list_by_user(user))}
            living = {s.sid for s in self.all if s.user["id"] == user and s.lives(self.now)}
            assert listed == living


TestAnyCourse = AnyCourse.TestCase
TestAnyCourse.settings = settings(max_examples=50, stateful_step_count=30)
