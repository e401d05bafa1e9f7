"""What the profile form changes is kept by the app, and reaches all sessions of the user."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.errors import (
    CallbackFailed,
    ConfigurationError,
    NotAuthenticated,
    RevisionConflict,
    StoreUnavailable,
    UpdateRejected,
)
from authdemo.sessions.core.schema import UserUpdate
from authdemo.sessions.core.users import UserService
from tests.support.house import ADA, GRACE, Person


class People:
    """The users of an app."""

    def __init__(self):
        self.rows = {each.id: each for each in (ADA, GRACE)}
        self.saved = []
        self.error = None
        self.before_find = None
        self.find_none = False

    async def find(self, user_id):
        if self.before_find is not None:
            hook, self.before_find = self.before_find, None
            await hook()
        return None if self.find_none else self.rows.get(user_id)

    def save(self, user_id, fields):
        self.saved.append((user_id, dict(fields)))
        if self.error is not None:
            raise self.error
        self.rows[user_id] = self.rows[user_id].model_copy(update=fields)


@pytest.fixture
def people():
    return People()


@pytest.fixture
def house(open_house, people):
    return asyncio.run(open_house(find_user=people.find, save_user=people.save))


async def save(house, record, requested, **more):
    return (await house.users.update(record.id, requested, known=record, **more)).record


async def names(house):
    return {each.user["name"] for each in await house.sessions.list_by_user("ada")}


async def test_change_is_saved_and_reaches_all_sessions_of_the_user_alone(house, people):
    here, there, other = await house.sign_in(), await house.sign_in(), await house.sign_in(GRACE)
    updated = await save(house, here, {"name": "Ada"})
    assert people.saved == [("ada", {"name": "Ada"})]
    assert (updated.rev, updated.last_change.cause) == (2, "client")
    followed = await house.sessions.find(there.id)
    assert followed.user == updated.user
    assert (followed.rev, followed.last_change.cause) == (2, "refresh")
    assert (followed.expires_at, followed.last_seen_at) == (there.expires_at, there.last_seen_at)
    assert await house.sessions.find(other.id) == other


async def test_update_of_a_session_saves_nothing_and_leaves_the_others(house, people):
    here, there = await house.sign_in(), await house.sign_in()
    await house.rename(here, "Client-Man")
    assert people.saved == []
    assert await house.sessions.find(there.id) == there


async def test_what_a_session_shows_already_is_saved_too(house, people):
    here, there = await house.sign_in(), await house.sign_in()
    here = await house.rename(here, "Client-Man")
    assert await save(house, here, {"name": "Client-Man"}) == here
    assert people.saved == [("ada", {"name": "Client-Man"})]
    assert (await house.sessions.find(there.id)).user["name"] == "Client-Man"


async def test_other_fields_of_other_sessions_stay(house):
    here, there = await house.sign_in(), await house.sign_in()
    await house.rename(there, "Client-Man")
    await save(house, here, {"image": "https://example.org/ada.png"})
    followed = await house.sessions.find(there.id)
    assert followed.user["name"] == "Client-Man"
    assert followed.user["image"] == "https://example.org/ada.png"


async def test_typed_values_are_saved(open_house, people):
    class Update(UserUpdate):
        tags: frozenset[str] = frozenset()

    class Tagged(Person):
        tags: frozenset[str] = frozenset()

    people.rows["ada"] = Tagged(**ADA.model_dump())
    house = await open_house(
        find_user=people.find, save_user=people.save, user=Tagged, update=Update
    )
    record = await house.sign_in(people.rows["ada"])
    await save(house, record, {"tags": ["b", "a"]})
    assert people.saved == [("ada", {"tags": frozenset("ab")})]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (UpdateRejected("The name is taken.", field="name"), UpdateRejected),
        (StoreUnavailable(), StoreUnavailable),
        (KeyError("name"), CallbackFailed),
    ],
)
async def test_error_while_saving_leaves_all_sessions_as_they_were(house, people, error, raised):
    records = [await house.sign_in(), await house.sign_in()]
    people.error = error
    with pytest.raises(raised):
        await save(house, records[0], {"name": "Ada"})
    assert [await house.sessions.find(each.id) for each in records] == records
    assert house.notices == []


@pytest.mark.parametrize(
    "requested", [{"name": ""}, {"name": "Ada", "role": "admin"}, {"id": "ada"}, {}, "name", None]
)
async def test_rejected_change_and_one_without_open_fields_save_nothing(house, people, requested):
    record = await house.sign_in()
    with suppress(UpdateRejected):
        await save(house, record, requested)
    assert people.saved == []
    assert await house.sessions.find(record.id) == record


async def test_outdated_change_saves_nothing(house, people):
    record = await house.sign_in()
    with pytest.raises(RevisionConflict):
        await save(house, record, {"name": "Ada"}, if_rev=[7])
    assert people.saved == []


async def test_change_that_fits_in_no_token_saves_nothing(open_house, people):
    def jwt(token, trigger, **_):
        return token | {"padding": "x" * 4000} if trigger == "update" else token

    house = await open_house(
        find_user=people.find, save_user=people.save, callbacks=Callbacks(jwt=jwt)
    )
    record = await house.sign_in()
    with pytest.raises(UpdateRejected):
        await save(house, record, {"name": "Ada"})
    assert people.saved == []


async def test_ended_session_saves_nothing(house, people):
    record = await house.sign_in()
    await house.sessions.end(record.id, "revoked")
    with pytest.raises(NotAuthenticated):
        await save(house, record, {"name": "Ada"})
    assert people.saved == []


async def test_concurrent_changes_leave_all_sessions_as_the_app_keeps_them(house, people):
    records = [await house.sign_in() for _ in range(5)]
    changes = (save(house, each, {"name": f"Ada {n}"}) for n, each in enumerate(records))
    await asyncio.gather(*changes)
    assert await names(house) == {people.rows["ada"].name}


async def test_concurrent_changes_by_one_session_make_no_other_revisions(house, people):
    record, there = await house.sign_in(), await house.sign_in()
    patches = [{"name": f"Ada {n}"} if n % 2 else {"image": f"https://a/{n}"} for n in range(20)]
    changed = await asyncio.gather(*(save(house, record, patch) for patch in patches))
    assert sorted(each.rev for each in changed) == list(range(2, 22))
    assert (await house.sessions.find(there.id)).user == people.rows["ada"].model_dump()


async def test_change_by_another_worker_meanwhile_wins_everywhere(house, people):
    here, _ = await house.sign_in(), await house.sign_in()

    async def meanwhile():
        people.before_find = later

    async def later():
        people.save("ada", {"name": "By another worker"})

    people.before_find = meanwhile
    await save(house, here, {"name": "Ada"})
    assert await names(house) == {"By another worker"}


async def test_user_that_the_app_does_not_have_changes_in_that_session(house, people):
    here, there = await house.sign_in(), await house.sign_in()
    people.find_none = True
    updated = await save(house, here, {"name": "Ada"})
    assert updated.user["name"] == "Ada"
    assert await house.sessions.find(there.id) == there


async def test_refresh_brings_named_fields_of_clients_up_to_date(house, people):
    here = await house.rename(await house.sign_in(), "Client-Man")
    people.rows["ada"] = ADA.model_copy(update={"name": "Ada", "role": "admin"})
    for fields, expected in ((), ("Client-Man", "admin")), (("name",), ("Ada", "admin")):
        assert await house.users.refresh("ada", frozenset(fields))
        found = await house.sessions.find(here.id)
        assert (found.user["name"], found.user["role"]) == expected


async def test_without_save_user_only_that_session_changes(open_house, people):
    house = await open_house(find_user=people.find)
    here, there = await house.sign_in(), await house.sign_in()
    assert (await save(house, here, {"name": "Ada"})).user["name"] == "Ada"
    assert await house.sessions.find(there.id) == there


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"save_user": People().save}, "needs Auth"),
        ({"find_user": People().find, "save_user": "save"}, "takes a function"),
        ({"find_user": People().find, "save_user": People().find}, "is called with"),
    ],
)
def test_wrong_function_is_rejected_at_start(house, options, message):
    with pytest.raises(ConfigurationError, match=message):
        UserService(house.sessions, **options)
