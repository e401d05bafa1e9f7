"""Who may come in: providers, the sign_in callback, and the limit on failures."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from types import MappingProxyType

import pytest

from authdemo.sessions import Auth
from authdemo.sessions.core.callbacks import Account, Callbacks
from authdemo.sessions.core.errors import (
    AccessDenied,
    CallbackFailed,
    ConfigurationError,
    CredentialsSignin,
    SignInOutdated,
    TooManyAttempts,
    UnknownProvider,
    UpdateRejected,
)
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.options import DAY
from authdemo.sessions.core.record import Device, ProviderSession
from authdemo.sessions.core.schema import User
from authdemo.sessions.core.settings import Rate, Settings
from authdemo.sessions.providers.credentials import Credentials
from authdemo.testing.thread import NOON
from tests.support.house import ADA, GRACE, PASSWORD, SECRET, Person

RIGHT = {"id": "ada", "password": "right"}
WRONG = {"id": "ada", "password": "wrong"}
HERE = "192.0.2.1"


async def authorize(credentials):
    await asyncio.sleep(0)
    return ADA if credentials.get("password") == "right" else None


@pytest.fixture
def core(tmp_path, clock):
    def core(authorize=authorize, **choices):
        settings = Settings(keys=KeyRing([SECRET]), data_dir=tmp_path, login_rate=Rate(3, 60))
        providers = [Credentials(authorize=authorize)]
        choices = {"user": Person, **choices}
        return Auth(providers=providers, settings=settings, clock=clock, **choices)

    return core


async def enter(core, credentials=RIGHT, address=HERE):
    return await core.engine.logins.authorize("credentials", credentials, device=Device(ip=address))


async def test_right_credentials_tell_who_it_is(core):
    granted = await enter(core())
    assert (granted.user, granted.account) == (ADA, Account("credentials", "credentials"))


@pytest.mark.parametrize("typed", ["ada ", " ada", "\u3000ada\n"])
async def test_the_app_gets_an_id_without_the_blanks_around_it(core, typed):
    asked = []

    async def keep(credentials):
        asked.append(dict(credentials))
        return ADA

    await enter(core(keep), {"id": typed, "password": " right "})
    assert asked == [{"id": "ada", "password": " right "}]


@pytest.mark.parametrize(("said", "proved"), [(0, 0), (NOON - 60, NOON - 60), (NOON + 60, NOON)])
async def test_what_a_provider_says_of_the_proof_counts_but_not_ahead_of_time(
    core, house, said, proved
):
    auth = core(user=Person)
    there = ProviderSession(subject="ada", auth_time=said)
    record = await house.sign_in(provider_session=there)
    assert auth.engine.session(record).authenticated_at.timestamp() == proved
    confirmed = await house.sessions.reauthenticate(record.id)
    assert auth.engine.session(confirmed).authenticated_at.timestamp() == NOON


async def test_wrong_ones_are_refused(core):
    with pytest.raises(CredentialsSignin):
        await enter(core(), WRONG)


async def test_a_password_that_is_changed_while_it_is_checked_lets_nobody_in(core, clock):
    async def checking(credentials):
        user = await authorize(credentials)
        clock.advance(1)
        await auth.revoke_user("ada")
        return user

    auth = core(authorize=checking, user=Person)
    await auth.engine.sessions.store.open()
    granted = await enter(auth)
    with pytest.raises(SignInOutdated):
        await auth.engine.sessions.begin(
            granted.user, granted.account, started_at=granted.started_at
        )
    assert await auth.engine.sessions.list_by_user("ada") == []
    await auth.engine.sessions.store.close()


@pytest.mark.parametrize("credentials", [None, 5, "ada", ["ada"]])
async def test_what_is_no_form_is_wrong_and_counts_as_a_failure(core, credentials):
    core = core()
    for _ in range(3):
        with pytest.raises(CredentialsSignin):
            await enter(core, credentials)
    with pytest.raises(TooManyAttempts):
        await enter(core, credentials)


async def test_an_unknown_provider_is_refused_in_few_words(core):
    with pytest.raises(UnknownProvider) as refused:
        await core().engine.logins.authorize("x" * 10_000, RIGHT, device=Device(ip=HERE))
    assert len(refused.value.message) < 200


async def test_after_too_many_failures_even_the_right_password_waits(core, clock):
    core = core()
    for _ in range(3):
        with pytest.raises(CredentialsSignin):
            await enter(core, WRONG)
    with pytest.raises(TooManyAttempts) as refused:
        await enter(core)
    assert refused.value.retry_after == 60
    clock.advance(60)
    assert await enter(core)


async def test_elsewhere_and_for_others_the_way_in_stays_open(core):
    core = core()
    for _ in range(3):
        with pytest.raises(CredentialsSignin):
            await enter(core, WRONG)
    assert await enter(core, address="192.0.2.2")
    assert await enter(core, RIGHT | {"id": "grace"})


async def test_attempts_at_the_same_moment_are_counted_too(core):
    core = core()
    tries = (enter(core, WRONG) for _ in range(50))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(type(answer) is CredentialsSignin for answer in answers) == 3


async def test_of_registrations_at_the_same_moment_one_at_a_time_asks_the_store(core, monkeypatch):
    auth = core()
    begin, under_way, most = auth.engine.sessions.store.begin_attempt, 0, 0

    async def count(*args, **kwargs):
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return await begin(*args, **kwargs)

    monkeypatch.setattr(auth.engine.sessions.store, "begin_attempt", count)
    waits = await asyncio.gather(*(auth.engine.register_limit.take(HERE) for _ in range(30)))
    assert (waits.count(0), most) == (20, 1)


async def test_right_passwords_are_not_counted(core):
    core = core()
    for _ in range(10):
        assert await enter(core)


async def test_a_bug_in_the_app_is_no_failed_attempt(core):
    def fail(_):
        raise RuntimeError("a bug in the app")

    core = core(fail)
    for _ in range(10):
        with pytest.raises(CallbackFailed):
            await enter(core)


@pytest.mark.parametrize("account", [None, 1, ["ada"], {}, "", "\0", "\ud800", "x" * 10_000])
async def test_an_account_of_any_shape_can_be_counted(core, account):
    with pytest.raises(CredentialsSignin):
        await enter(core(), {"id": account})


@pytest.mark.parametrize("answer", [None, False, 0, "", {}])
async def test_whatever_is_false_is_nobody_and_counts_as_a_failure(core, answer):
    core = core(lambda _: answer)
    for _ in range(3):
        with pytest.raises(CredentialsSignin):
            await enter(core)
    with pytest.raises(TooManyAttempts):
        await enter(core)


@pytest.mark.parametrize("answer", [True, "ada", [("id", "ada")]])
async def test_what_is_no_user_is_a_bug_in_the_app(core, caplog, answer):
    with pytest.raises(CallbackFailed):
        await enter(core(lambda _: answer))
    assert "not User" in caplog.text


async def _async_mapping(_):
    return {"id": "ada", "name": "Ada"}


class _Callable:
    def __call__(self, _):
        return MappingProxyType({"id": "ada", "name": "Ada"})


@pytest.mark.parametrize(
    "function",
    [lambda _: {"id": "ada", "name": "Ada"}, _async_mapping, _Callable(), partial(_async_mapping)],
    ids=["plain", "async", "object", "partial"],
)
async def test_authorize_may_return_a_mapping(core, function):
    login = await enter(core(function))
    assert login.user == Person(id="ada", name="Ada")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"id": 7}, "The id must be text."),
        ({"name": "Ada"}, "The id is needed."),
        ({"id": "ada", "name": None, "password": "$2b$"}, "The password is not valid: extra"),
        ({"id": "ada", "points": object()}, "The points is not valid: "),
    ],
)
async def test_mapping_that_does_not_match_is_logged_with_field_file_and_line(
    core, caplog, fields, why
):
    def find_someone(_):
        return fields

    with pytest.raises(CallbackFailed):
        await enter(core(find_someone))
    (line,) = caplog.messages
    place = f"{__file__}, line {find_someone.__code__.co_firstlineno}"
    assert line.startswith(
        f"The callback 'authorize' ({place}) returned a mapping that doesn't match the app's "
        f"Person: {why}"
    )
    assert "$2b$" not in caplog.text


class Author(User):
    """A user of an app whose author forgot to name this class to `Auth`, or named it in vain."""

    pen_name: str


ADA_AS_AUTHOR = Author(id="ada", name="Ada Lovelace", pen_name="AAL")


class TestAUserWhoDoesNotFit:
    """What gave them is to blame, and not a callback that the app doesn't have."""

    @pytest.mark.parametrize(
        ("own", "given", "why"),
        [
            (
                Author,
                User(id="ada"),
                "User, which doesn't match the app's Author: The pen_name is ",
            ),
            (
                Person,
                ADA_AS_AUTHOR,
                "Author, which doesn't match the app's Person: The pen_name is ",
            ),
        ],
    )
    async def test_is_a_mistake_of_authorize(self, core, caplog, own, given, why):
        with pytest.raises(CallbackFailed):
            await enter(core(lambda _: given, user=own))
        assert f"The callback 'authorize' returned {why}" in caplog.text
        assert "AAL" not in caplog.text

    async def test_is_a_mistake_of_find_user(self, core, caplog):
        auth = core(find_user=lambda _: ADA_AS_AUTHOR)
        await auth.engine.sessions.store.open()
        record = await auth.engine.sessions.begin(ADA, PASSWORD)
        with pytest.raises(CallbackFailed):
            await auth.refresh("ada")
        assert "The callback 'find_user' returned Author, " in caplog.text
        assert await auth.engine.sessions.find(record.id) == record
        await auth.engine.sessions.store.close()

    async def test_may_be_of_another_class_whose_fields_fit(self, core):
        granted = await enter(core(lambda _: User(id="ada", name="Ada")))
        assert granted.user == User(id="ada", name="Ada")


class TestSignInCallback:
    @pytest.mark.parametrize("answer", [False, None, 0, ""])
    async def test_says_no_by_whatever_is_false(self, core, answer):
        with pytest.raises(AccessDenied):
            await enter(core(callbacks=Callbacks(sign_in=lambda **_: answer)))

    @pytest.mark.parametrize(("answer", "lines"), [(None, 1), (False, 0), (True, 0)])
    async def test_is_logged_if_it_forgets_its_answer(self, core, caplog, answer, lines):
        with suppress(AccessDenied):
            await enter(core(callbacks=Callbacks(sign_in=lambda **_: answer)))
        told = [each.message for each in caplog.records if each.name == "authdemo.sessions"]
        assert len(told) == lines
        assert all("'sign_in' returned None: nobody is signed in." in each for each in told)

    @pytest.mark.parametrize("answer", [True, 1, "ada@own.example"])
    async def test_says_yes_by_whatever_is_true(self, core, answer):
        assert await enter(core(callbacks=Callbacks(sign_in=lambda **_: answer)))

    async def test_sends_elsewhere(self, core):
        granted = await enter(core(callbacks=Callbacks(sign_in=lambda **_: "/welcome")))
        assert granted.redirect_to == "/welcome"

    async def test_is_not_asked_about_who_failed(self, core):
        def sign_in(**_):
            raise AssertionError

        with pytest.raises(CredentialsSignin):
            await enter(core(callbacks=Callbacks(sign_in=sign_in)), WRONG)


async def test_the_redirect_callback_decides_where_to_go(core):
    core = core(callbacks=Callbacks(redirect=lambda url, base_url: f"{base_url}/{len(url)}"))
    assert await core.engine.redirect("/abc", "https://own.example") == "https://own.example/4"


async def test_without_one_everybody_stays_at_home(core):
    assert (
        await core().engine.redirect("//evil.example", "https://own.example")
        == "https://own.example"
    )
    assert await core().engine.redirect(None, "https://own.example") == "https://own.example"


class TestRefresh:
    async def begin(self, core, **choices):
        auth = core(**choices)
        await auth.engine.sessions.store.open()
        return auth, await auth.engine.sessions.begin(ADA, PASSWORD)

    async def test_asks_the_app_who_the_user_is_at_present(self, core):
        async def find_user(user_id):
            return ADA.model_copy(update={"email": f"{user_id}@new.example"})

        auth, record = await self.begin(core, find_user=find_user, user=Person)
        await auth.refresh("ada")
        assert (await auth.engine.sessions.find(record.id)).user["email"] == "ada@new.example"
        await auth.engine.sessions.store.close()

    async def test_of_a_user_who_is_gone_ends_the_sessions(self, core):
        auth, record = await self.begin(core, find_user=lambda _: None, user=Person)
        await auth.refresh("ada")
        assert await auth.engine.sessions.find(record.id) is None
        await auth.engine.sessions.store.close()

    async def test_that_fails_changes_nothing(self, core):
        def find_user(user_id):
            raise RuntimeError("the database of the app is away")

        auth, record = await self.begin(core, find_user=find_user, user=Person)
        with pytest.raises(CallbackFailed):
            await auth.refresh("ada")
        assert await auth.engine.sessions.find(record.id) == record
        await auth.engine.sessions.store.close()

    async def test_without_a_way_to_find_users_says_what_to_do(self, core):
        with pytest.raises(ConfigurationError, match="find_user"):
            await core().refresh("ada")


class TestUpdateOfAUser:
    @pytest.fixture
    def auth(self, core):
        return core(user=Person)

    async def begin(self, auth, *users):
        await auth.engine.sessions.store.open()
        return [(await auth.engine.sessions.begin(user, PASSWORD)).id for user in users]

    async def test_is_in_each_of_their_sessions_and_in_nobody_elses(self, auth):
        phone, desk, other = await self.begin(auth, ADA, ADA, GRACE)
        assert await auth.update_user("ada", name="Countess", role="author") == 2
        for sid in (phone, desk):
            record = await auth.engine.sessions.find(sid)
            assert (record.user["name"], record.user["role"]) == ("Countess", "author")
            assert record.last_change.cause == "server"
        assert (await auth.engine.sessions.find(other)).rev == 1
        await auth.engine.sessions.store.close()

    async def test_that_is_refused_changes_none(self, auth):
        (sid,) = await self.begin(auth, ADA)
        with pytest.raises(UpdateRejected) as refused:
            await auth.update_user("ada", id="grace")
        assert refused.value.field == "id"
        assert (await auth.engine.sessions.find(sid)).rev == 1
        await auth.engine.sessions.store.close()

    async def test_of_a_user_who_is_not_signed_in_is_no_error(self, auth):
        await self.begin(auth)
        assert await auth.update_user("ada", name="Countess") == 0
        await auth.engine.sessions.store.close()


class TestTheBackground:
    """What the app does to a user by itself is no use of a session."""

    @pytest.fixture
    def auth(self, core):
        auth = core(find_user=lambda _: ADA.model_copy(update={"role": "admin"}), user=Person)
        asyncio.run(auth.engine.sessions.store.open())
        yield auth
        asyncio.run(auth.engine.sessions.store.close())

    @staticmethod
    def life(record):
        return record.renewed_at, record.expires_at, record.last_seen_at

    async def test_brings_a_revision_and_extends_nothing(self, auth, clock):
        record = await auth.engine.sessions.begin(ADA, PASSWORD)
        clock.advance(hours=1)
        await auth.refresh("ada")
        await auth.update_user("ada", name="Countess")
        found = await auth.engine.sessions.find(record.id)
        assert (found.rev, found.user["role"], found.user["name"]) == (3, "admin", "Countess")
        assert self.life(found) == self.life(record)

    async def test_extends_nothing_by_what_is_so_already(self, auth, clock):
        record = await auth.engine.sessions.begin(ADA, PASSWORD)
        clock.advance(days=2)
        await auth.update_user("ada", name=ADA.name)
        assert await auth.engine.sessions.find(record.id) == record

    async def test_leaves_it_to_the_next_read_to_extend(self, auth, clock):
        record = await auth.engine.sessions.begin(ADA, PASSWORD)
        clock.advance(days=2)
        await auth.refresh("ada")
        extended = await auth.engine.sessions.renew(await auth.engine.sessions.find(record.id))
        assert extended.expires_at == record.expires_at + 2 * DAY

    async def test_keeps_no_abandoned_session_alive(self, auth, clock):
        record = await auth.engine.sessions.begin(ADA, PASSWORD)
        for day in range(30):
            await auth.update_user("ada", name=f"Ada on day {day}")
            clock.advance(days=1)
        assert await auth.engine.sessions.find(record.id) is None
