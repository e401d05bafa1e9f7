"""Users with fields of types that JSON has no word for, in both stores."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import pytest
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
    computed_field,
)

from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.errors import CallbackFailed, ConfigurationError, UpdateRejected
from authdemo.sessions.core.schema import User, UserSchema, UserUpdate
from authdemo.sessions.core.utils import new_id
from authdemo.sessions.stores.redis import RedisStore


class Role(StrEnum):
    USER = "user"
    ADMIN = "admin"


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Home(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    street: Annotated[str, Field(alias="streetName")]
    since: date = date(1835, 7, 8)


OCKHAM = Home.model_validate({"streetName": "Ockham"})


class Member(User):
    role: Role = Role.USER
    size: Size = Size.SMALL
    born: date
    seen: datetime = datetime(1842, 1, 1, 12, tzinfo=UTC)
    key: UUID = UUID(int=7)
    balance: Decimal = Decimal("1.50")
    home: Home | None = None
    path: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()

    @computed_field  # type: ignore[prop-decorator]
    @property
    def initial(self) -> str:
        return (self.name or "?")[0]


class MemberUpdate(UserUpdate):
    born: date = date.min
    size: Size = Size.SMALL
    home: Home | None = None
    tags: frozenset[str] = frozenset()


class Loose(User):
    anything: Any = None


ADA = Member(
    id="ada",
    name="Ada",
    born=date(1815, 12, 10),
    home=Home.model_validate({"streetName": "St James's Square"}),
    path=("a", "b"),
    tags=frozenset("abcdefgh"),
)
IN_JSON = {
    "role": "user",
    "size": 1,
    "born": "1815-12-10",
    "seen": "1842-01-01T12:00:00Z",
    "key": "00000000-0000-0000-0000-000000000007",
    "balance": "1.50",
    "home": {"street": "St James's Square", "since": "1835-07-08"},
    "path": ["a", "b"],
}


@pytest.fixture(params=["embedded", "redis"])
def open_members(request, open_house):
    """Build houses on one store, each as a process of its own would."""
    name = f"types-{new_id()}"

    def open_members(**choices):
        store = None
        if request.param == "redis":
            store = RedisStore(request.getfixturevalue("redis").url, name=name)
        return open_house(**{"user": Member, "update": MemberUpdate, "store": store, **choices})

    return open_members


@pytest.fixture
def members(open_house):
    return asyncio.run(open_house(user=Member, update=MemberUpdate))


async def user_of(house, record):
    return house.read_user(await house.sessions.find(record.id))


class TestTheFaces:
    async def test_record_is_json_and_the_apps_user_has_its_types(self, open_members):
        house = await open_members()
        record = await house.sign_in(ADA)
        other = await open_members()
        try:
            assert await user_of(house, record) == await user_of(other, record) == ADA
            found = await other.sessions.find(record.id)
            assert found.user | IN_JSON == found.user == record.user
            assert sorted(found.user["tags"]) == list("abcdefgh")
            assert (await other.sessions.serializers.to_public(found))["user"] == found.user
            verified = await other.verify(house.sessions.serializers.issue_token(record))
            assert verified.claims.user == record.user
        finally:
            await asyncio.gather(house.store.close(), other.store.close())

    async def test_change_is_the_same_in_every_store(self, open_members):
        house = await open_members()
        record = await house.sign_in(ADA)
        revised = await house.update(record.id, {"born": "1815-12-11"}, author="client")
        try:
            (_, step) = await house.store.history(record.id)
            assert set(step.changes) == set(revised.last_change.changes) == {"born"}
            assert step.changes["born"].new == "1815-12-11"
            assert (await user_of(house, record)).born == date(1815, 12, 11)
        finally:
            await house.store.close()


class TestUpdates:
    async def test_client_changes_a_typed_field_in_json(self, members):
        record = await members.sign_in(ADA)
        asked = {**record.user, "born": "1815-12-11", "size": 2, "home": {"street": "Ockham"}}
        revised = await members.update(record.id, asked, author="client")
        assert set(revised.last_change.changes) == {"born", "size", "home"}
        user = await user_of(members, record)
        assert (user.born, user.size) == (date(1815, 12, 11), Size.LARGE)
        assert user.home == OCKHAM

    @pytest.mark.parametrize(
        "asked", [{"born": "tomorrow"}, {"born": 1}, {"size": 3}, {"home": {}}, {"tags": "abc"}]
    )
    async def test_rejected_value_names_the_field(self, members, asked):
        record = await members.sign_in(ADA)
        with pytest.raises(UpdateRejected) as refused:
            await members.update(record.id, asked, author="client")
        assert refused.value.field == next(iter(asked))

    async def test_server_changes_a_typed_field_in_python(self, members):
        record = await members.sign_in(ADA)
        asked = {
            "role": Role.ADMIN,
            "born": date(1815, 12, 11),
            "path": ("c",),
            "home": OCKHAM,
            "balance": Decimal("2.25"),
        }
        await members.update(record.id, asked, author="server")
        assert await user_of(members, record) == ADA.model_copy(update=asked)

    async def test_equal_value_is_no_change(self, members):
        record = await members.sign_in(ADA)
        turned = {"tags": record.user["tags"][::-1]}
        for asked, author in (
            ({name: getattr(ADA, name) for name in Member.model_fields}, "server"),
            (record.user, "client"),
            (turned, "client"),
            (turned, "server"),
        ):
            revised = await members.update(record.id, asked, author=author)
            assert revised == record

    async def test_set_that_stays_keeps_its_order(self, open_house, members):
        record = await members.sign_in(ADA)
        other = await open_house(user=Member, update=MemberUpdate)
        order = record.user["tags"][::-1]  # as a process with another hash seed would have it
        turned = record.model_copy(update={"user": {**record.user, "tags": order}, "version": 2})
        assert await other.store.replace(turned, expected=record)
        revised = await other.rename(record, "Countess")
        assert set(revised.last_change.changes) == {"name"}

    async def test_refresh_reads_a_typed_field(self, members):
        record = await members.sign_in(ADA)
        assert await members.sessions.refresh(ADA) == [record]
        await members.sessions.refresh(ADA.model_copy(update={"role": Role.ADMIN, "path": ()}))
        user = await user_of(members, record)
        assert (user.role, user.path) == (Role.ADMIN, ())

    async def test_callback_gets_json_and_may_return_python(self, open_house):
        seen = []

        def jwt(token, **_):
            seen.append(token["user"]["born"])
            return {**token, "user": {**token["user"], "born": date(1900, 1, len(seen))}}

        house = await open_house(user=Member, callbacks=Callbacks(jwt=jwt))
        record = await house.rename(await house.sign_in(ADA), "Countess")
        assert seen == ["1815-12-10", "1900-01-01"]
        assert (await user_of(house, record)).born == date(1900, 1, 2)


class WithFunction(User):
    greet: Callable[[], str] | None = None


class WithClass(User):
    kind: type[Member] | None = None


class Thing:
    known: ClassVar[dict[str, Thing]] = {}

    def __init__(self, name: str) -> None:
        self.name = name
        self.known[name] = self


class Opaque(Enum):
    THING = Thing("opaque")


class WithEnum(User):
    thing: Opaque | None = None


class WithObject(User):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    thing: Thing | None = None


class WithSpelledObject(User):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    thing: Annotated[
        Thing,
        BeforeValidator(lambda value: Thing.known.get(value, value)),
        PlainSerializer(lambda thing: thing.name),
        WithJsonSchema({"type": "string"}),
    ] = Thing("default")


class TestWhatJsonCanNotSay:
    @pytest.mark.parametrize(
        ("model", "field"),
        [
            (WithFunction, "greet"),
            (WithClass, "kind"),
            (WithEnum, "thing"),
            (WithObject, "thing"),
        ],
    )
    def test_type_without_json_is_rejected_at_the_start(self, model, field):
        with pytest.raises(ConfigurationError, match=rf"{model.__name__}\.{field}: .* such as str"):
            UserSchema(model, UserUpdate)

    async def test_type_with_a_serializer_is_accepted(self, open_house):
        house = await open_house(user=WithSpelledObject)
        thing = Thing("engine")
        record = await house.sign_in(WithSpelledObject(id="ada", thing=thing))
        assert record.user["thing"] == "engine"
        assert (await user_of(house, record)).thing is thing

    async def test_value_without_json_is_rejected(self, open_house, caplog):
        house = await open_house(user=Loose)
        with pytest.raises(CallbackFailed):
            await house.sign_in(Loose(id="ada", anything=object()))
        assert [logged.levelno for logged in caplog.records] == [logging.ERROR]
        record = await house.sign_in(Loose(id="ada", anything=[1, {"two": 2.5}]))
        with pytest.raises(UpdateRejected):
            await house.update(record.id, {"anything": object()}, author="server")
        with pytest.raises(CallbackFailed):
            await house.sessions.refresh(Loose(id="ada", anything=object()))
        assert await house.sessions.find(record.id) == record
