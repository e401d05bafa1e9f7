"""What can happen to a session, and what can't."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import json

import pytest

from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.errors import (
    AccessDenied,
    CallbackFailed,
    NotAuthenticated,
    RevisionConflict,
    TokenTooLarge,
    UpdateRejected,
)
from authdemo.sessions.core.events import Events, Notice, SessionChanged, SessionEnded
from authdemo.sessions.core.record import MAX_HISTORY, Change, Device, SessionRecord
from authdemo.sessions.core.tokens import SESSION_CLAIMS
from authdemo.sessions.core.utils import iso
from tests.support.house import ADA, GRACE, HOUR, OPTIONS, PASSWORD, SECRET, Person

DAY = 24 * HOUR


def fail(**_):
    raise RuntimeError("a bug in the app")


class TestSignIn:
    async def test_begins_a_session_at_revision_1(self, house):
        record = await house.sign_in()
        assert record.rev == 1
        assert record.user == ADA.model_dump()
        assert record.provider == "credentials"
        assert await house.sessions.find(record.id) == record

    async def test_its_token_is_a_bearer_of_it(self, house):
        record = await house.sign_in()
        verified = await house.verify(house.sessions.serializers.issue_token(record))
        assert verified.record == record
        assert (verified.claims.sub, verified.claims.rev) == ("ada", 1)

    async def test_every_sign_in_has_a_session_and_a_token_of_its_own(self, house):
        first, second = await house.sign_in(), await house.sign_in()
        assert first.id != second.id
        assert len(first.id) == 40
        assert len({house.sessions.serializers.issue_token(first) for _ in range(10)}) == 10

    async def test_ends_the_session_that_the_browser_had_before(self, house):
        before = await house.sign_in()
        token = house.sessions.serializers.issue_token(before)
        await house.sign_in(GRACE, replaces=before)
        assert await house.read(token) is None
        assert house.notices == [SessionEnded(before.id, "replaced", "ada")]

    async def test_leaves_other_sessions_of_the_user_alone(self, house):
        elsewhere, before = await house.sign_in(), await house.sign_in()
        await house.sign_in(replaces=before)
        assert await house.sessions.find(elsewhere.id) == elsewhere

    async def test_remembers_the_device(self, house):
        device = Device(user_agent="Mosaic", ip="192.0.2.1")
        record = await house.sign_in(device=device)
        assert (await house.sessions.find(record.id)).device == device

    async def test_lists_a_user_s_living_sessions_newest_first(self, house):
        sessions: list[str] = []
        for _ in range(3):
            sessions.insert(0, (await house.sign_in()).id)
            house.clock.advance(8 * HOUR)
        await house.sign_in(GRACE)
        assert [record.id for record in await house.sessions.list_by_user("ada")] == sessions[:2]
        assert await house.sessions.list_by_user("nobody") == []

    async def test_user_too_large_for_a_cookie_is_not_signed_in(self, house):
        with pytest.raises(TokenTooLarge):
            await house.sign_in(Person(id="ada", image="https://example.org/" + "x" * 3000))
        assert await house.sessions.list_by_user("ada") == []


class TestPublicSession:
    async def test_shows_user_expiry_and_revision(self, house):
        record = await house.sign_in()
        expires = dt.datetime.fromtimestamp(record.expires_at, dt.UTC)
        assert await house.sessions.serializers.to_public(record) == {
            "user": ADA.model_dump(),
            "expires": expires.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "rev": 1,
            "amr": [],
            "level": 1,
        }

    async def test_the_session_callback_adds_and_hides(self, open_house):
        def session(session, token):
            del session["user"]["email"]
            return session | {"plan": token["plan"]}

        def jwt(token, **_):
            return token | {"plan": "gold"}

        house = await open_house(callbacks=Callbacks(session=session, jwt=jwt))
        record = await house.sign_in()
        public = await house.sessions.serializers.to_public(record)
        assert public["plan"] == "gold"
        assert "email" not in public["user"]
        assert record.user["email"] == ADA.email


class TestUpdate:
    async def test_raises_the_revision_by_one(self, house):
        record = await house.sign_in()
        revised = await house.rename(record, "Ada")
        assert revised.rev == 2
        assert revised.user == record.user | {"name": "Ada"}
        assert await house.sessions.find(record.id) == revised

    async def test_an_older_token_shows_the_newest_data(self, house):
        record = await house.sign_in()
        token = house.sessions.serializers.issue_token(record)
        await house.rename(record, "Ada")
        verified = await house.verify(token)
        assert verified.claims.user["name"] == "Ada Lovelace"
        assert verified.record.user["name"] == "Ada"

    async def test_what_changes_nothing_makes_no_revision(self, house):
        record = await house.sign_in()
        assert await house.rename(record, ADA.name) == record
        assert await house.update(record.id, {}, author="client") == record
        assert house.notices == []

    async def test_that_is_refused_leaves_the_session_as_it_was(self, house):
        record = await house.sign_in()
        with pytest.raises(UpdateRejected) as refused:
            await house.update(record.id, {"name": "Ada", "role": "admin"}, author="client")
        assert refused.value.field == "role"
        assert await house.sessions.find(record.id) == record

    async def test_the_server_changes_a_role_and_a_client_can_not(self, house):
        record = await house.sign_in()
        revised = await house.update(record.id, {"role": "admin"}, author="server")
        assert revised.user["role"] == "admin"
        with pytest.raises(UpdateRejected):
            await house.update(record.id, {"role": "user"}, author="client")

    async def test_nobody_changes_an_id(self, house):
        record = await house.sign_in()
        for author in ("client", "server"):
            with pytest.raises(UpdateRejected, match="'id'"):
                await house.update(record.id, {"id": "eve"}, author=author)

    async def test_extends_the_session_s_life(self, house):
        record = await house.sign_in()
        house.clock.advance(HOUR)
        assert (await house.rename(record, "Ada")).expires_at == record.expires_at + HOUR

    async def test_one_of_an_ended_session_is_rejected(self, house):
        record = await house.sign_in()
        await house.sessions.end(record.id, "signed-out")
        with pytest.raises(NotAuthenticated):
            await house.rename(record, "Ada")
        with pytest.raises(NotAuthenticated):
            await house.update("no such session", {"name": "Ada"}, author="client")

    async def test_one_that_no_cookie_could_carry_is_refused_and_names_the_field(self, house):
        record = await house.sign_in()
        asked = {"name": "Ada", "image": "https://example.org/" + "x" * 2020}
        with pytest.raises(UpdateRejected, match="image is too long") as refused:
            await house.update(record.id, asked, author="client")
        assert refused.value.field == "image"
        assert await house.sessions.find(record.id) == record

    async def test_at_the_expected_revision_is_done(self, house):
        record = await house.sign_in()
        revised = await house.update(record.id, {"name": "A"}, author="client", if_rev=[1])
        assert revised.rev == 2

    async def test_at_another_revision_is_a_conflict_that_tells_the_present_one(self, house):
        record = await house.sign_in()
        await house.rename(record, "Ada")
        with pytest.raises(RevisionConflict) as conflict:
            await house.update(record.id, {"name": "A"}, author="client", if_rev=[1])
        assert conflict.value.rev == 2
        assert (await house.sessions.find(record.id)).user["name"] == "Ada"

    async def test_reaches_those_who_show_the_session(self, house):
        revised = await house.rename(await house.sign_in(), "Ada")
        step = {"name": Change(old="Ada Lovelace", new="Ada")}
        assert house.notices == [SessionChanged(revised, step)]

    async def test_is_remembered(self, house):
        record = await house.sign_in()
        house.clock.advance(60)
        await house.rename(record, "Ada")
        revised = await house.update(record.id, {"role": "admin"}, author="server")
        steps = await house.store.history(record.id)
        first, second, third = steps
        assert [step.cause for step in steps] == ["sign-in", "client", "server"]
        assert [step.rev for step in steps] == [1, 2, 3]
        assert third == revised.last_change
        assert first.changes["name"] == Change(old=None, new="Ada Lovelace")
        assert second.changes == {"name": Change(old="Ada Lovelace", new="Ada")}
        assert third.changes == {"role": Change(old="user", new="admin")}
        assert second.at == first.at + 60

    async def test_is_remembered_with_the_tab_and_with_another_device(self, house):
        laptop = Device(user_agent="Laptop", ip="192.0.2.1")
        record = await house.sign_in(device=laptop)
        for device in (laptop.model_copy(update={"tab": "k7m2"}), Device(user_agent="Phone")):
            name = {"name": f"By {device.user_agent}"}
            record = await house.update(record.id, name, author="client", device=device)
        first, same, other = await house.store.history(record.id)
        assert (first.tab, first.device) == ("", None)
        assert (same.tab, same.device) == ("k7m2", None)
        assert (other.tab, other.device) == ("", Device(user_agent="Phone"))

    async def test_a_renewal_is_remembered_without_a_revision(self, house):
        record = await house.sign_in()
        token = house.sessions.serializers.issue_token(record)
        house.clock.advance(2 * HOUR)
        verified = await house.verify(token)
        renewed = await house.sessions.renew(verified.record)
        *_, step = await house.store.history(record.id)
        assert (renewed.rev, step.rev, step.cause) == (1, 1, "renewal")
        assert step.changes == {
            "expires": Change(old=iso(record.expires_at), new=iso(renewed.expires_at))
        }

    async def test_a_renewal_that_gains_nothing_is_not_remembered(self, house):
        record = await house.sign_in()
        while record.expires_at < record.absolute_expires_at:
            house.clock.advance(22 * HOUR)
            record = await house.rename(record, f"Ada at {house.clock.now}")
        token = house.sessions.serializers.issue_token(record)
        history = await house.store.history(record.id)
        house.clock.advance(HOUR)
        verified = await house.verify(token)
        renewed = await house.sessions.renew(verified.record)
        assert (renewed.last_change, renewed.expires_at) == (
            record.last_change,
            record.absolute_expires_at,
        )
        assert await house.store.history(record.id) == history

    async def test_a_record_of_an_older_version_still_loads(self, house):
        record = await house.sign_in()
        older = record.model_dump(exclude={"device": {"tab"}, "last_change": {"tab", "device"}})
        assert SessionRecord.parse(json.dumps(older)) == record

    async def test_the_memory_is_bounded(self, house):
        record = await house.sign_in()
        for number in range(MAX_HISTORY + 10):
            record = await house.rename(record, f"Ada {number}")
        steps = await house.store.history(record.id)
        assert [step.rev for step in steps] == list(range(12, MAX_HISTORY + 12))


class TestConcurrentUpdates:
    async def test_of_different_fields_both_survive(self, house):
        record = await house.sign_in()
        await asyncio.gather(
            house.rename(record, "Ada"),
            house.update(record.id, {"role": "admin"}, author="server"),
            house.update(record.id, {"image": "https://example.org"}, author="client"),
        )
        found = await house.sessions.find(record.id)
        assert found.rev == 4
        assert found.user == ADA.model_dump() | {
            "name": "Ada",
            "role": "admin",
            "image": "https://example.org",
        }

    async def test_all_of_two_hundred_are_counted_and_the_last_of_each_field_stays(self, house):
        record = await house.sign_in()
        asked = [
            {"name": f"Ada {number}"} if number % 2 else {"image": f"https://example.org/{number}"}
            for number in range(200)
        ]
        answers = await asyncio.gather(
            *(house.update(record.id, fields, author="client") for fields in asked)
        )
        found = await house.sessions.find(record.id)
        assert found.rev == 201
        assert sorted(answer.rev for answer in answers) == list(range(2, 202))
        for answer, fields in zip(answers, asked, strict=True):
            assert answer.user == answer.user | fields
        assert found.user == max(answers, key=lambda answer: answer.rev).user

    async def test_through_two_workers_on_one_store_none_is_lost(self, house, open_house):
        """They share no lock, only the file."""
        other = await open_house()
        record = await house.sign_in()
        updates = [worker.rename(record, f"{n}") for n in range(20) for worker in (house, other)]
        answers = await asyncio.gather(*updates)
        revisions = {answer.rev: answer.user["name"] for answer in answers}
        assert (await house.sessions.find(record.id)).rev == max(revisions)
        assert all(
            a != b for a, b in zip(revisions.values(), list(revisions.values())[2:], strict=False)
        )

    async def test_with_an_expected_revision_one_wins(self, house):
        record = await house.sign_in()
        answers = await asyncio.gather(
            *(
                house.update(record.id, {"name": f"{n}"}, author="client", if_rev=[1])
                for n in range(20)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(answer, RevisionConflict) for answer in answers) == 19
        assert (await house.sessions.find(record.id)).rev == 2

    async def test_and_a_sign_out_end_signed_out(self, house):
        record = await house.sign_in()
        token = house.sessions.serializers.issue_token(record)
        updates = [house.rename(record, f"{n}") for n in range(20)]
        await asyncio.gather(
            *updates[:10],
            house.sessions.end(record.id, "signed-out"),
            *updates[10:],
            return_exceptions=True,
        )
        assert await house.read(token) is None
        assert isinstance(house.notices[-1], SessionEnded)


class TestTime:
    async def test_an_unused_session_expires(self, house):
        record = await house.sign_in()
        token = house.sessions.serializers.issue_token(record)
        house.clock.advance(DAY - 1)
        assert await house.read(token)
        assert house.sessions.serializers.seconds_left(record) == 1
        house.clock.advance(1)
        assert await house.read(token) is None
        assert house.notices == [SessionEnded(record.id, "expired", "ada")]

    async def test_an_expired_session_can_not_be_updated_back_to_life(self, house):
        record = await house.sign_in()
        house.clock.advance(DAY)
        with pytest.raises(NotAuthenticated):
            await house.rename(record, "Ada")

    async def test_updates_do_not_move_the_absolute_end_either(self, house):
        record = await house.sign_in()
        for hours in range(71):
            house.clock.advance(HOUR)
            record = await house.rename(record, f"Ada {hours}")
        house.clock.advance(HOUR)
        assert await house.sessions.find(record.id) is None

    async def test_what_has_expired_is_swept_away(self, house):
        await house.sign_in()
        house.clock.advance(HOUR)
        kept = await house.sign_in()
        house.clock.advance(DAY - HOUR)
        assert await house.sessions.sweep() == 1
        assert await house.sessions.find(kept.id) == kept


class TestEnd:
    @pytest.mark.parametrize("reason", ["signed-out", "revoked"])
    async def test_every_copy_of_the_token_is_dead(self, house, reason):
        record = await house.sign_in()
        tokens = [house.sessions.serializers.issue_token(record)]
        tokens.append(house.sessions.serializers.issue_token(await house.rename(record, "Ada")))
        await house.sessions.end(record.id, reason)
        assert [await house.read(token) for token in tokens] == [None, None]
        assert await house.sessions.list_by_user("ada") == []
        assert house.notices[-1] == SessionEnded(record.id, reason, "ada")

    async def test_it_happens_once(self, house):
        record = await house.sign_in()
        await house.sessions.end(record.id, "signed-out")
        await house.sessions.end(record.id, "signed-out")
        await house.sessions.end("no such session", "revoked")
        assert len(house.notices) == 1

    async def test_other_sessions_live_on(self, house):
        record, other = await house.sign_in(), await house.sign_in()
        await house.sessions.end(record.id, "revoked")
        assert await house.sessions.find(other.id) == other

    async def test_a_token_of_another_secret_is_no_token(self, house, open_house):
        record = await house.sign_in()
        other_house = await open_house(secrets=["a secret that is not the one of this house"])
        assert await house.read(other_house.sessions.serializers.issue_token(record)) is None

    async def test_a_token_of_another_user_s_name_is_no_token_of_this_session(self, house):
        record = await house.sign_in()
        eve = record.model_copy(update={"user": record.user | {"id": "eve"}})
        assert await house.read(house.sessions.serializers.issue_token(eve)) is None

    async def test_after_rotation_sessions_live_on(self, house, open_house):
        token = house.sessions.serializers.issue_token(await house.sign_in())
        rotated = await open_house(
            secrets=["a new secret that is as long as one has to be", SECRET]
        )
        verified = await rotated.verify(token)
        fresh = rotated.sessions.serializers.issue_token(verified.record)
        assert await rotated.read(fresh) == ADA.model_dump()
        assert await house.read(fresh) is None


class TestRefresh:
    async def test_brings_what_no_client_may_change_into_every_session(self, house):
        here, there = await house.sign_in(), await house.sign_in()
        await house.sessions.refresh(ADA.model_copy(update={"role": "admin"}))
        for record in (here, there):
            found = await house.sessions.find(record.id)
            assert (found.user["role"], found.rev) == ("admin", 2)
            assert found.last_change.cause == "refresh"

    async def test_leaves_what_a_client_changed(self, house):
        record = await house.rename(await house.sign_in(), "Countess")
        await house.sessions.refresh(ADA.model_copy(update={"role": "admin"}))
        found = await house.sessions.find(record.id)
        assert (found.user["name"], found.user["role"]) == ("Countess", "admin")

    async def test_makes_no_revision_when_nothing_differs(self, house):
        record = await house.sign_in()
        await house.sessions.refresh(ADA)
        assert (await house.sessions.find(record.id)).rev == 1

    async def test_concerns_nobody_else(self, house):
        grace = await house.sign_in(GRACE)
        await house.sessions.refresh(ADA.model_copy(update={"email": "new@example.org"}))
        assert await house.sessions.find(grace.id) == grace


class TestRevokeUser:
    async def test_ends_all_of_a_user_s_sessions_but_the_one(self, house):
        records = [await house.sign_in() for _ in range(3)]
        grace = await house.sign_in(GRACE)
        assert await house.sessions.end_all("ada", except_id=records[1].id) == 2
        assert await house.sessions.list_by_user("ada") == [records[1]]
        assert await house.sessions.end_all("ada") == 1
        assert await house.sessions.find(grace.id) == grace


class TestMaxSessionsPerUser:
    async def test_one_more_ends_the_oldest(self, open_house):
        house = await open_house(options=dataclasses.replace(OPTIONS, max_sessions_per_user=2))
        records = []
        for _ in range(3):
            records.append(await house.sign_in())
            house.clock.advance(1)
        grace = await house.sign_in(GRACE)
        assert await house.sessions.list_by_user("ada") == [records[2], records[1]]
        assert SessionEnded(records[0].id, "revoked", "ada") in house.notices
        assert await house.sessions.find(grace.id) == grace


class TestJwtCallback:
    async def test_adds_claims_that_stay(self, open_house):
        def jwt(token, trigger, **_):
            return token | {"plan": "gold"} if trigger == "signIn" else token

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        revised = await house.rename(record, "Ada")
        verified = await house.verify(house.sessions.serializers.issue_token(revised))
        assert verified.claims.extra == {"plan": "gold"} == revised.claims

    async def test_learns_what_happens(self, open_house):
        calls = []

        async def jwt(**told):
            calls.append({name: told[name] for name in ("user", "account", "trigger", "session")})
            return told["token"]

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        await house.rename(await house.sign_in(), "Ada")
        nobody = {"user": None, "account": None}
        assert calls == [
            {"user": ADA, "account": PASSWORD, "trigger": "signIn", "session": None},
            {**nobody, "trigger": "update", "session": {"name": "Ada"}},
        ]

    async def test_changes_the_user_by_the_model_s_rules(self, open_house):
        def jwt(token, **_):
            return token | {"user": token["user"] | {"role": "admin"}}

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        assert (await house.sign_in()).user["role"] == "admin"

    @pytest.mark.parametrize("user", [None, {}, {"id": 1}, {"id": "ada", "is_admin": True}, "ada"])
    async def test_can_not_break_the_user_model(self, open_house, user):
        house = await open_house(callbacks=Callbacks(jwt=lambda token, **_: token | {"user": user}))
        with pytest.raises(CallbackFailed):
            await house.sign_in()
        assert await house.sessions.list_by_user("ada") == []

    @pytest.mark.parametrize("name", sorted(SESSION_CLAIMS - {"user"}))
    async def test_can_not_set_a_reserved_claim(self, open_house, name):
        house = await open_house(callbacks=Callbacks(jwt=lambda token, **_: token | {name: "evil"}))
        record = await house.sign_in()
        assert record.claims == {}
        assert await house.read(house.sessions.serializers.issue_token(record)) == ADA.model_dump()

    async def test_can_not_make_another_user_of_a_session(self, open_house):
        def jwt(token, trigger, **_):
            if trigger == "update":
                token["user"]["id"] = "eve"
            return token

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        with pytest.raises(CallbackFailed):
            await house.rename(record, "Ada")
        assert await house.sessions.find(record.id) == record

    @pytest.mark.parametrize("claim", [object(), {1, 2}, float("nan"), float("inf"), "\ud800"])
    async def test_can_not_add_what_no_token_can_say(self, open_house, claim):
        house = await open_house(
            callbacks=Callbacks(jwt=lambda token, **_: token | {"claim": claim})
        )
        with pytest.raises(CallbackFailed):
            await house.sign_in()
        assert await house.sessions.list_by_user("ada") == []

    async def test_that_answers_none_at_sign_in_signs_nobody_in(self, open_house, caplog):
        house = await open_house(callbacks=Callbacks(jwt=lambda **_: None))
        with pytest.raises(AccessDenied) as refused:
            await house.sign_in()
        assert await house.sessions.list_by_user("ada") == []
        assert "The callback 'jwt' returned None: nobody is signed in." in caplog.text
        assert "callback" not in refused.value.message

    async def test_that_answers_none_at_an_update_ends_the_session(self, open_house, caplog):
        caplog.set_level("INFO")

        def jwt(token, trigger, **_):
            return token if trigger == "signIn" else None

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        with pytest.raises(NotAuthenticated):
            await house.rename(record, "Ada")
        assert await house.sessions.find(record.id) is None
        assert house.notices == [SessionEnded(record.id, "revoked", "ada")]
        assert "The callback 'jwt' returned None: the session ends." in caplog.text

    async def test_that_outgrows_the_cookie_stops_the_update(self, open_house):
        def jwt(token, trigger, **_):
            return token | {"blob": "x" * 3000} if trigger == "update" else token

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        with pytest.raises(UpdateRejected):
            await house.rename(record, "Ada")
        assert await house.sessions.find(record.id) == record


class TestCallbacksThatFail:
    async def test_jwt_at_sign_in_signs_nobody_in(self, open_house):
        house = await open_house(callbacks=Callbacks(jwt=fail))
        with pytest.raises(CallbackFailed):
            await house.sign_in()
        assert await house.sessions.list_by_user("ada") == []

    async def test_jwt_at_an_update_leaves_the_session_as_it_was(self, open_house):
        def jwt(token, trigger, **_):
            return token if trigger == "signIn" else fail()

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        token = house.sessions.serializers.issue_token(record)
        with pytest.raises(CallbackFailed):
            await house.rename(record, "Ada")
        assert await house.read(token) == ADA.model_dump()
        assert await house.sessions.find(record.id) == record
        assert house.notices == []

    async def test_jwt_that_fails_half_way_has_changed_a_copy_alone(self, open_house):
        def jwt(token, trigger, **_):
            if trigger == "signIn":
                return token | {"plans": ["gold"]}
            token["plans"].append("silver")
            return fail()

        house = await open_house(callbacks=Callbacks(jwt=jwt))
        record = await house.sign_in()
        with pytest.raises(CallbackFailed):
            await house.rename(record, "Ada")
        kept = await house.sessions.find(record.id)
        assert kept is not None
        assert kept.claims == {"plans": ["gold"]}

    async def test_session_at_sign_in_signs_nobody_in(self, open_house):
        house = await open_house(callbacks=Callbacks(session=fail))
        with pytest.raises(CallbackFailed):
            await house.sign_in()
        assert await house.sessions.list_by_user("ada") == []

    async def test_session_at_an_update_leaves_the_session_as_it_was(self, open_house):
        def session(session, **_):
            return session if session["rev"] == 1 else fail()

        house = await open_house(callbacks=Callbacks(session=session))
        record = await house.sign_in()
        with pytest.raises(CallbackFailed):
            await house.rename(record, "Ada")
        assert await house.sessions.find(record.id) == record
        assert house.notices == []

    async def test_session_at_sign_out_stops_no_sign_out(self, house, open_house):
        record = await house.sign_in()
        broken = await open_house(callbacks=Callbacks(session=fail))
        await broken.sessions.end(record.id, "signed-out")
        assert await house.sessions.find(record.id) is None


class TestEvents:
    async def test_tell_the_app_what_happened(self, open_house):
        told = []

        async def listen(**details):
            told.append(details)

        house = await open_house(events=Events(sign_in=listen, update_user=listen, sign_out=listen))
        record = await house.sign_in()
        revised = await house.rename(record, "Ada")
        await house.sessions.end(record.id, "signed-out")
        before, after = (
            await house.sessions.serializers.to_public(record),
            await house.sessions.serializers.to_public(revised),
        )
        assert told == [
            {"session": before, "account": PASSWORD},
            {"session": after, "changes": {"name": Change(old="Ada Lovelace", new="Ada")}},
            {"session": after, "reason": "signed-out"},
        ]

    async def test_a_listener_that_fails_changes_nothing(self, open_house, caplog):
        house = await open_house(events=Events(sign_in=fail, update_user=fail, sign_out=fail))
        record = await house.sign_in()
        assert (await house.rename(record, "Ada")).rev == 2
        await house.sessions.end(record.id, "signed-out")
        assert caplog.text.count("An event listener failed") == 3

    async def test_who_stops_listening_to_the_feed_hears_no_more(self, house):
        heard: list[Notice] = []
        record = await house.sign_in()
        stop = house.sessions.feed.subscribe(heard.append)
        record = await house.rename(record, "Ada")
        stop()
        await house.rename(record, "Countess")
        assert len(heard) == 1


class TestAuthentication:
    async def test_session_keeps_methods_and_level_of_sign_in(self, house):
        record = await house.sign_in(amr=("pwd", "otp"))
        public = await house.sessions.serializers.to_public(record)
        assert (public["amr"], public["level"]) == (["pwd", "otp"], 2)
        claims = house.sessions.serializers.tokens.decode(
            house.sessions.serializers.issue_token(record)
        )
        assert (claims.amr, claims.level) == (("pwd", "otp"), 2)

    async def test_proof_of_another_method_raises_level_and_revision(self, house):
        record = await house.sign_in(amr=("pwd",))
        confirmed = await house.sessions.reauthenticate(record.id, amr=("otp",))
        assert (confirmed.amr, confirmed.level) == (("pwd", "otp"), 2)
        assert confirmed.rev == record.rev + 1
        assert confirmed.last_change.cause == "confirmation"
        assert confirmed.last_change.changes["amr"].new == ("pwd", "otp")
        verified = await house.verify(house.sessions.serializers.issue_token(record))
        assert house.sessions.is_token_stale(verified, verified.record)

    async def test_proof_of_the_same_method_keeps_revision(self, house):
        record = await house.sign_in(amr=("pwd",))
        confirmed = await house.sessions.reauthenticate(record.id, amr=("pwd",))
        assert (confirmed.level, confirmed.rev) == (1, record.rev)
        assert confirmed.last_change.changes == {}
