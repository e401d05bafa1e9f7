"""Stored users after a deployment with another user model."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from authdemo.sessions.core.audit import AuditEvent, AuditTrail
from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.errors import NotAuthenticated, StoreUnavailable
from authdemo.sessions.core.events import Events, SessionChanged, SessionEnded
from authdemo.sessions.core.schema import User
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.stores.redis import RedisStore


class Older(User):
    nickname: str = "Enchantress"


class Needing(User):
    """A field is new that has no default, and another is gone."""

    plan: str


class Choosy(Older):
    """A field is what it was, and may be less."""

    nickname: Literal["Countess"] = "Countess"


class Home(BaseModel):
    street: str = ""


class Roomier(Older):
    """Fields are new that have defaults."""

    colour: str = "blue"
    home: Home = Home()


class Plainer(User):
    """A field is gone."""


class Renamed(User):
    """A field has another name, and a default."""

    known_as: str = "nobody"


class Moved(User):
    """A field has another name, and the model knows the old one."""

    known_as: str = Field(validation_alias="nickname")
    since: date = date(2026, 1, 1)


class Counted(User):
    """A field is of another type, which old values can be turned into."""

    nickname: Annotated[int, BeforeValidator(lambda value: value if value == 11 else len(value))]


def _counted(text: str) -> str:
    VALIDATED.append(text)
    if text not in ALLOWED:
        raise ValueError("not allowed")
    return text


class Validated(User):
    """A validator is a function, which the model's JSON schema doesn't show."""

    nickname: Annotated[str, AfterValidator(_counted)] = "Enchantress"


VALIDATED: list[str] = []
ALLOWED = {"Enchantress"}


ADA = Older(id="ada", name="Ada Lovelace", email="ada@example.org")


class TestMismatch:
    @pytest.fixture(params=["Needing", "Choosy"])
    def newer(self, request):
        return globals()[request.param]

    @pytest.fixture
    def deployed(self, open_house, newer):
        """The sessions of the older app and their tokens, and the newer app."""
        return asyncio.run(self._deploy(open_house, newer))

    async def _deploy(self, open_house, newer):
        older = await open_house(user=Older)
        records = [await older.sign_in(ADA) for _ in range(2)]
        tokens = [older.sessions.serializers.issue_token(record) for record in records]
        return older, records, tokens, await open_house(user=newer)

    async def test_token_of_mismatched_session_is_rejected(self, deployed):
        older, (record, other), tokens, newer = deployed
        for token in tokens:
            assert await newer.verify(token) is None
        ended = [SessionEnded(each.id, "schema_mismatch", "ada") for each in (record, other)]
        assert newer.notices == ended
        assert await newer.store.get(record.id) is None
        assert await older.read(tokens[0]) is None

    @pytest.mark.parametrize(
        "ask",
        [
            lambda house, record: house.rename(record, "Countess"),
            lambda house, record: house.sessions.reauthenticate(record.id),
        ],
    )
    async def test_mismatched_session_rejects_changes(self, deployed, ask):
        _, (record, _), _, newer = deployed
        with pytest.raises(NotAuthenticated):
            await ask(newer, record)

    async def test_mismatched_session_is_not_listed(self, deployed):
        *_, newer = deployed
        assert await newer.sessions.list_by_user("ada") == []
        assert len(newer.notices) == 2

    async def test_mismatched_session_stays_ended_after_revocation(self, deployed):
        older, _, tokens, newer = deployed
        await newer.sessions.end_all("ada")
        assert [await older.read(token) for token in tokens] == [None, None]

    async def test_log_names_the_mismatch_once_without_user_data(self, deployed, newer, caplog):
        *_, tokens, house = deployed
        for token in tokens * 2:
            await house.verify(token)
        (line,) = caplog.messages
        rule = "(plan: missing)" if newer is Needing else "(nickname: literal_error)"
        assert line == f"Ending sessions that no longer match user model {newer.__name__} {rule}."


async def test_audit_trail_names_the_mismatch_and_callbacks_get_no_such_user(open_house):
    entries: list[AuditEvent] = []
    calls: list[Any] = []

    def session(session, token):
        calls.append(session)
        return session

    older = await open_house(user=Older)
    record = await older.sign_in(ADA)
    trail = AuditTrail(entries.append)
    newer = await open_house(
        user=Needing,
        events=Events(sign_out=lambda **details: calls.append(details)),
        callbacks=Callbacks(session=session),
        trail=trail,
    )
    assert await newer.sessions.find(record.id) is None
    await trail.flush()
    (entry,) = entries
    assert (entry.kind, entry.reason, entry.fields) == ("ended", "schema_mismatch", ("plan",))
    assert (entry.user, calls) == ("ada", [])


async def test_mismatched_session_has_ended_even_if_it_cannot_be_deleted(open_house, monkeypatch):
    older = await open_house(user=Older)
    record = await older.sign_in(ADA)
    newer = await open_house(user=Needing)

    async def fail(sid):
        raise StoreUnavailable

    monkeypatch.setattr(newer.store, "delete", fail)
    assert await newer.sessions.find(record.id) is None


class TestMatch:
    @pytest.mark.parametrize(
        ("model", "user"),
        [
            (Roomier, {"nickname": "Enchantress", "colour": "blue", "home": {"street": ""}}),
            (Plainer, {}),
            (Renamed, {"known_as": "nobody"}),
            (Moved, {"known_as": "Enchantress", "since": "2026-01-01"}),
            (Counted, {"nickname": 11}),
        ],
    )
    async def test_matching_session_is_migrated_to_the_new_model(self, open_house, model, user):
        older = await open_house(user=Older)
        record = await older.sign_in(ADA)
        newer = await open_house(user=model)
        token = older.sessions.serializers.issue_token(record)
        expected = {"id": "ada", "name": ADA.name, "email": ADA.email, "image": None, **user}
        assert await newer.read(token) == expected
        found = await newer.sessions.find(record.id)
        assert newer.read_user(found).model_dump(mode="json") == expected
        assert [each.user for each in await newer.sessions.list_by_user("ada")] == [expected]
        revised = await newer.rename(record, "Countess")
        assert set(revised.last_change.changes) == {"name"}
        assert (await newer.store.get(record.id)).user == {**expected, "name": "Countess"}

    async def test_both_model_versions_share_a_store(self, open_house, redis):
        """As while a deploy is rolled out, where a field that is new has a default."""
        name = f"models-{new_id()}"
        older = await open_house(user=Older, store=RedisStore(redis.url, name=name))
        newer = await open_house(user=Roomier, store=RedisStore(redis.url, name=name))
        try:
            record = await older.sign_in(ADA)
            await newer.rename(record, "Countess")
            await older.update(record.id, {"nickname": "AAL"}, author="server")
            user = newer.read_user(await newer.sessions.find(record.id))
            assert (user.name, user.nickname, user.colour) == ("Countess", "AAL", "blue")
            notices = [*older.notices, *newer.notices]
            assert {type(notice) for notice in notices} == {SessionChanged}
        finally:
            await asyncio.gather(older.store.close(), newer.store.close())

    async def test_nested_model_with_extra_fields_keeps_them(self, open_house):
        class Free(BaseModel):
            model_config = ConfigDict(extra="allow")

        class Freer(Older):
            free: Free = Free()

        house = await open_house(user=Freer)
        record = await house.sign_in(Freer(id="ada", free=Free.model_validate({"more": 1})))
        other = await open_house(user=Freer)
        assert (await other.sessions.find(record.id)).user["free"] == {"more": 1}


class TestValidator:
    """The model's fingerprint is the same, so only validation can tell."""

    async def test_change_ends_a_session_that_no_longer_matches(self, open_house, monkeypatch):
        older = await open_house(user=Validated)
        record = await older.sign_in(Validated(id="ada"))
        monkeypatch.setattr(f"{__name__}.ALLOWED", {"Countess"})
        newer = await open_house(user=Validated)
        assert newer.sessions.schema.fingerprint == record.user_schema
        assert await newer.sessions.find(record.id) is None
        assert newer.notices == [SessionEnded(record.id, "schema_mismatch", "ada")]

    async def test_runs_once_for_each_version_in_each_process(self, open_house):
        older = await open_house(user=Validated)
        record = await older.sign_in(Validated(id="ada"))
        newer = await open_house(user=Validated)
        VALIDATED.clear()
        for _ in range(3):
            assert await newer.sessions.find(record.id) == record
        assert len(VALIDATED) == 1
        renewed = await older.rename(record, "Ada")
        VALIDATED.clear()
        for _ in range(3):
            assert await newer.sessions.find(record.id) == renewed
        assert len(VALIDATED) == 1
