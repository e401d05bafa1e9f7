"""Passkeys: what is kept, who gets in by them, and what is rejected."""

from __future__ import annotations

import contextlib
import copy
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from authdemo.accounts import AccountRejected
from authdemo.accounts.ceremonies import (
    InvalidAnswer,
    creation_options,
    new_challenge,
    request_options,
    verify_authentication,
    verify_registration,
)
from authdemo.accounts.hashes import LOCKED
from authdemo.accounts.models import AccountRow, MailRow
from authdemo.accounts.passkey_form import FRESH, PasskeysState
from authdemo.accounts.passkeys import MAX_PASSKEYS, Assertion
from authdemo.sessions import Authenticated
from authdemo.sessions.errors import CredentialsSignin
from authdemo.sessions.reflex.protected import mark_of
from tests.accounts.conftest import ADA, GRACE
from tests.support.authenticator import (
    CAN_BE_BACKED_UP,
    IS_BACKED_UP,
    USER_PRESENT,
    USER_VERIFIED,
    Authenticator,
    decoded,
    encoded,
)

ORIGIN = "https://app.example"
BITWARDEN = bytes.fromhex("d548826e79b4db40a3d811116f7e8349")


@pytest.fixture
def phone():
    return Authenticator(ORIGIN)


async def add(accounts, device, member=ADA):
    options, challenge = await accounts.passkeys.creation(member, ORIGIN)
    return await accounts.passkeys.add(device.create(options), challenge)


async def sign_in(accounts, device, passkey=None, *, account_id=""):
    options, challenge = await accounts.passkeys.request(ORIGIN, account_id)
    return await answer(accounts, device.get(options, passkey), challenge)


async def answer(accounts, answer, challenge):
    credentials = await accounts.passkeys.credentials(answer, challenge)
    authenticated = await accounts.passkeys.authorize(credentials)
    return authenticated.user if authenticated else None


async def rejected(coroutine, reason="passkey"):
    with pytest.raises(CredentialsSignin) as caught:
        await coroutine
    assert caught.value.reason == reason
    return caught.value


async def test_passkey_is_added_and_signs_in(accounts, phone):
    added = await add(accounts, phone)
    assert await sign_in(accounts, phone) == ADA
    [kept] = await accounts.passkeys.of("ada")
    assert (kept.id, kept.sign_count) == (added.id, 2)
    assert kept.last_used_at >= kept.created_at > 0
    assert kept.transports == "hybrid internal"


@pytest.mark.parametrize(("flags", "method"), [(0, "hwk"), (CAN_BE_BACKED_UP, "swk")])
async def test_session_knows_whether_the_key_stays_in_one_device(accounts, phone, flags, method):
    phone.flags |= flags
    await add(accounts, phone)
    options, challenge = await accounts.passkeys.request(ORIGIN)
    credentials = await accounts.passkeys.credentials(phone.get(options), challenge)
    assert await accounts.passkeys.authorize(credentials) == Authenticated(ADA, (method, "user"))


async def test_disabled_account_cannot_sign_in(accounts, phone):
    await add(accounts, phone)
    await accounts.update("ada", disabled=True)
    assert await sign_in(accounts, phone) is None
    await accounts.update("ada", disabled=False)
    assert await sign_in(accounts, phone) == ADA


async def test_passkeys_of_a_deleted_account_are_unknown(accounts, phone):
    await add(accounts, phone)
    options, challenge = await accounts.passkeys.creation(ADA, ORIGIN)
    await accounts.delete("ada")
    await rejected(sign_in(accounts, phone), "passkey_unknown")
    with pytest.raises(AccountRejected) as caught:
        await accounts.passkeys.add(phone.create(options), challenge)
    assert caught.value.reason == "unknown"


async def test_new_passkey_has_the_name_of_a_known_authenticator(accounts, phone):
    assert (await add(accounts, phone)).name == ""
    phone.aaguid = BITWARDEN
    assert (await add(accounts, phone)).name == "Bitwarden"


async def test_options_ask_for_verified_users_and_exclude_known_passkeys(accounts, phone):
    added = await add(accounts, phone)
    options, challenge = await accounts.passkeys.creation(ADA, ORIGIN)
    selection = options["authenticatorSelection"]
    assert (selection["userVerification"], selection["residentKey"]) == ("required", "required")
    assert [each["id"] for each in options["excludeCredentials"]] == [added.id]
    assert options["rp"]["id"] == challenge.rp_id == "app.example"
    assert options["user"]["id"] == added.user_handle
    assert "ada" not in decoded(added.user_handle).decode("latin-1")
    options, _ = await accounts.passkeys.request(ORIGIN)
    assert (options["userVerification"], options["allowCredentials"]) == ("required", [])
    options, _ = await accounts.passkeys.request(ORIGIN, "ada")
    assert [each["id"] for each in options["allowCredentials"]] == [added.id]


async def test_challenge_expires_after_five_minutes(accounts, phone):
    await add(accounts, phone)
    now, passkeys = 1_000.0, replace(accounts.passkeys, clock=lambda: now)
    options, challenge = await passkeys.request(ORIGIN)
    given = Assertion(phone.get(options), challenge)
    now += 300
    await rejected(passkeys.authorize({"assertion": given}))
    now -= 1
    assert await passkeys.authorize({"assertion": given})


async def test_answer_to_another_challenge_is_rejected(accounts, phone):
    await add(accounts, phone)
    options, _ = await accounts.passkeys.request(ORIGIN)
    _, challenge = await accounts.passkeys.request(ORIGIN)
    await rejected(answer(accounts, phone.get(options), challenge))


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://app.example.evil.example"},
        {"origin": "http://app.example"},
        {"origin": "https://app.example:8443"},
        {"rp_id": "evil.example"},
        {"flags": USER_PRESENT},
        {"flags": USER_VERIFIED},
        {"flags": USER_PRESENT | USER_VERIFIED | CAN_BE_BACKED_UP},
        {"flags": USER_PRESENT | USER_VERIFIED | IS_BACKED_UP},
        {"client_data": {"type": "webauthn.create"}},
        {"client_data": {"crossOrigin": True}},
        {"client_data": {"challenge": ""}},
        {"client_data": {"challenge": None}},
        {"client_data": {"origin": ["https://app.example"]}},
    ],
    ids=str,
)
async def test_sign_in_is_rejected(accounts, phone, changes):
    await add(accounts, phone)
    await rejected(sign_in(accounts, replace(phone, **changes)))
    [kept] = await accounts.passkeys.of("ada")
    assert (kept.sign_count, kept.last_used_at) == (1, 0)
    assert await sign_in(accounts, phone) == ADA


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": "https://evil.example"},
        {"rp_id": "evil.example"},
        {"flags": USER_PRESENT},
        {"client_data": {"type": "webauthn.get"}},
        {"client_data": {"challenge": encoded(b"another")}},
        {"client_data": {"crossOrigin": True}},
    ],
    ids=str,
)
async def test_new_passkey_is_rejected(accounts, phone, changes):
    with pytest.raises(AccountRejected) as caught:
        await add(accounts, replace(phone, **changes))
    assert caught.value.reason == "passkey"
    assert await accounts.passkeys.of("ada") == []


async def test_removed_passkey_is_named_to_the_browser(accounts, phone):
    added = await add(accounts, phone)
    await accounts.passkeys.remove("ada", added.id)
    error = await rejected(sign_in(accounts, phone), "passkey_unknown")
    assert error.values == {"credentialId": added.id}


async def test_passkey_of_another_account_confirms_nothing(accounts, phone):
    await add(accounts, phone)
    await rejected(sign_in(accounts, phone, account_id="grace"))
    assert await sign_in(accounts, phone, account_id="ada") == ADA


async def test_user_handle_of_another_account_is_rejected(accounts, phone):
    await add(accounts, phone)
    await add(accounts, phone, GRACE)
    adas, graces = phone.passkeys
    await rejected(sign_in(accounts, phone, replace(adas, user_handle=graces.user_handle)))


async def test_signature_of_another_key_is_rejected(accounts, phone):
    await add(accounts, phone)
    await add(accounts, phone, GRACE)
    adas, graces = phone.passkeys
    await rejected(sign_in(accounts, phone, replace(adas, key=graces.key)))


async def test_passkey_cannot_be_added_twice(accounts, phone):
    added = await add(accounts, phone)
    options, challenge = await accounts.passkeys.creation(GRACE, ORIGIN)
    made = phone.create(options)
    await accounts.passkeys.add(made, challenge)
    with pytest.raises(AccountRejected) as caught:
        await accounts.passkeys.add(made, challenge)
    assert caught.value.reason == "passkey_taken"
    assert [each.id for each in await accounts.passkeys.of("ada")] == [added.id]


async def test_copy_of_a_passkey_is_rejected(accounts, phone):
    await add(accounts, phone)
    copied = copy.copy(phone.passkeys[0])
    assert await sign_in(accounts, phone) == ADA
    assert await sign_in(accounts, phone) == ADA
    await rejected(sign_in(accounts, phone, copied), "passkey_cloned")
    assert await sign_in(accounts, phone) == ADA


async def test_owner_is_notified(accounts, phone):
    async def mailed():
        query = select(MailRow.template).order_by(col(MailRow.id))
        return await accounts.database.run(lambda session: list(session.exec(query)))

    added = await add(accounts, phone)
    assert await mailed() == ["passkey_added"]
    copied = copy.copy(phone.passkeys[0])
    assert await sign_in(accounts, phone) == ADA
    await rejected(sign_in(accounts, phone, copied), "passkey_cloned")
    assert await mailed() == ["passkey_added", "passkey_cloned"]
    await accounts.passkeys.remove("ada", added.id)
    assert await mailed() == ["passkey_added", "passkey_cloned", "passkey_removed"]


async def test_passkey_without_a_counter_signs_in_again_and_again(accounts, phone):
    phone.has_counter = False
    await add(accounts, phone)
    assert await sign_in(accounts, phone) == ADA
    assert await sign_in(accounts, phone) == ADA


async def test_counter_that_is_gone_is_rejected(accounts, phone):
    await add(accounts, phone)
    phone.has_counter, phone.passkeys[0].counter = False, 0
    await rejected(sign_in(accounts, phone), "passkey_cloned")


async def test_backup_is_noticed(accounts, phone):
    phone.flags |= CAN_BE_BACKED_UP
    assert not (await add(accounts, phone)).is_backed_up
    phone.flags |= IS_BACKED_UP
    assert await sign_in(accounts, phone) == ADA
    [kept] = await accounts.passkeys.of("ada")
    assert kept.is_backed_up


async def test_last_way_to_sign_in_stays(accounts, phone):
    first = await add(accounts, phone)
    await lock(accounts, "ada")
    with pytest.raises(AccountRejected) as caught:
        await accounts.passkeys.remove("ada", first.id)
    assert caught.value.reason == "passkey_last"
    second = await add(accounts, phone)
    await accounts.passkeys.remove("ada", first.id)
    assert [each.id for each in await accounts.passkeys.of("ada")] == [second.id]


async def lock(accounts, account_id):
    def lock(session):
        session.get(AccountRow, account_id).password = LOCKED

    await accounts.passkeys.database.run(lock)


async def test_passkeys_are_renamed_and_removed_by_their_owner_only(accounts, phone):
    added = await add(accounts, phone)
    await accounts.passkeys.rename("ada", added.id, "  My phone ")
    for change in (
        accounts.passkeys.rename("grace", added.id, "Mine"),
        accounts.passkeys.remove("grace", added.id),
    ):
        with pytest.raises(AccountRejected) as caught:
            await change
        assert caught.value.reason == "passkey_missing"
    assert [each.name for each in await accounts.passkeys.of("ada")] == ["My phone"]


@pytest.mark.parametrize("name", ["", "  ", "a" * 65, "a\nb", None, 7, ["a"]])
async def test_invalid_name_is_rejected(accounts, phone, name):
    added = await add(accounts, phone)
    with pytest.raises(AccountRejected) as caught:
        await accounts.passkeys.rename("ada", added.id, name)
    assert caught.value.field == "name"


async def test_number_of_passkeys_is_limited(accounts, phone):
    for _ in range(MAX_PASSKEYS - 1):
        await add(accounts, phone)
    pending = [await accounts.passkeys.creation(ADA, ORIGIN) for _ in range(2)]
    answers = [(phone.create(options), challenge) for options, challenge in pending]
    await accounts.passkeys.add(*answers[0])
    for late in (accounts.passkeys.add(*answers[1]), accounts.passkeys.creation(ADA, ORIGIN)):
        with pytest.raises(AccountRejected) as caught:
            await late
        assert caught.value.reason == "passkeys_max"


@pytest.mark.parametrize("name", ["add", "remove"])
def test_change_needs_a_fresh_proof(name):
    handler = PasskeysState.event_handlers[name]
    assert mark_of(handler.fn).fresh == FRESH


@pytest.mark.parametrize("made_up", [None, "assertion", {"answer": {}, "challenge": {}}, []])
async def test_credentials_of_an_http_client_are_no_assertion(accounts, made_up):
    assert await accounts.passkeys.authorize({"id": "ada", "assertion": made_up}) is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@pytest.mark.parametrize("size", [1, 8_193, 60_000])
async def test_oversized_part_is_rejected(accounts, phone, size):
    await add(accounts, phone)
    options, challenge = await accounts.passkeys.request(ORIGIN)
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        given = phone.get(options)
        given["response"][part] = "A" * size
        await rejected(answer(accounts, given, challenge))
    given = {**phone.get(options), "id": "A" * size}
    await rejected(answer(accounts, given, challenge), "passkey_unknown")


PHONE = Authenticator(ORIGIN)
CHALLENGE = new_challenge(ORIGIN, now=0, account_id="ada", user_handle=encoded(b"ada"))
MADE = PHONE.create(creation_options(CHALLENGE, [], name="ada", display_name="Ada"))
USED = PHONE.get(request_options(CHALLENGE, []))
verify_use = partial(verify_authentication, public_key=PHONE.passkeys[0].public_key())


def mutated(text):
    """Change, insert or leave out some of the bytes."""
    value = decoded(text)
    cut = st.tuples(st.integers(0, len(value)), st.integers(0, 8), st.binary(max_size=8))
    return cut.map(lambda each: encoded(value[: each[0]] + each[2] + value[sum(each[:2]) :]))


@pytest.mark.parametrize(("answer", "verify"), [(MADE, verify_registration), (USED, verify_use)])
@given(data=st.data())
def test_malformed_answer_is_rejected(answer, verify, data):
    verify(answer, CHALLENGE)
    response = answer["response"]
    texts = [name for name, part in response.items() if isinstance(part, str)]
    name = data.draw(st.sampled_from(texts))
    broken = {**response, name: data.draw(mutated(response[name]) | JUNK)}
    with contextlib.suppress(InvalidAnswer):
        verify(data.draw(st.just({**answer, "response": broken}) | JUNK), CHALLENGE)
