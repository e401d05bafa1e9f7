"""Authenticator apps, recovery codes, and browsers that are remembered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pyotp
import pytest
from sqlmodel import select

from authdemo.accounts import AccountRejected
from authdemo.accounts.models import AuthenticatorRow, BrowserRow, RecoveryCodeRow
from authdemo.accounts.second_factor import DAYS, STEP_SECONDS, SecondFactor
from authdemo.sessions import Device
from authdemo.sessions.providers import KeyRing
from tests.accounts.conftest import PASSWORD
from tests.support.house import OTHER_SECRET, SECRET

NOON = 1_800_000_000.0
PHONE = Device(user_agent="A phone", ip="192.0.2.7")


class Auth:
    """The sessions that accounts are attached to."""

    def __init__(self):
        self.keys = KeyRing([SECRET])
        self.refreshed = []
        self.commands = SimpleNamespace(add=lambda *_: None)

    async def refresh(self, user_id, *_):
        self.refreshed.append(user_id)

    async def revoke_user(self, user_id, _reason):
        self.refreshed.append(user_id)


def at(accounts, auth, clock):
    """The second factors of accounts, with a clock that stands still."""
    services = accounts.database, accounts.get, accounts.update
    return SecondFactor(*services, lambda: auth.keys, lambda: clock.now)


@pytest.fixture
def house(accounts):
    auth, clock = Auth(), SimpleNamespace(now=NOON)
    accounts.attach(auth)
    factor = at(accounts, auth, clock)
    return SimpleNamespace(accounts=accounts, auth=auth, clock=clock, factor=factor)


async def set_up(house, account_id="ada"):
    """Turn the second factor on; return the app, and the recovery codes."""
    enrollment = await house.factor.begin(account_id, issuer="Tests")
    app = pyotp.TOTP(enrollment.secret)
    codes = await house.factor.confirm(account_id, app.at(house.clock.now))
    house.clock.now += STEP_SECONDS
    return app, codes


async def rows_of(house, table):
    return await house.accounts.database.run(lambda session: len(session.exec(select(table)).all()))


async def test_app_counts_only_once_its_first_code_is_confirmed(house):
    enrollment = await house.factor.begin("ada", issuer="Tests")
    code = pyotp.TOTP(enrollment.secret).at(house.clock.now)
    assert "issuer=Tests" in enrollment.uri
    assert not await house.factor.is_required("ada")
    assert not await house.factor.verify("ada", code)
    with pytest.raises(AccountRejected, match="code is wrong"):
        await house.factor.confirm("ada", "000000")
    assert not await house.factor.is_required("ada")
    assert len(await house.factor.confirm("ada", code)) == 10
    assert await house.factor.is_required("ada")
    assert not await house.factor.is_required("grace")
    assert (await house.accounts.get("ada")).two_factor
    assert house.auth.refreshed == ["ada"]


async def test_secret_and_recovery_codes_are_not_in_the_database(house):
    app, codes = await set_up(house)

    def texts(session):
        secret = session.get(AuthenticatorRow, "ada").secret
        return [secret, *(row.mac for row in session.exec(select(RecoveryCodeRow)))]

    stored = " ".join(await house.accounts.database.run(texts))
    assert app.secret not in stored
    assert not [code for code in codes if code in stored or code.replace("-", "") in stored]


async def test_secret_of_another_account_is_not_decrypted(house):
    app, _ = await set_up(house)
    await set_up(house, "grace")

    def swap(session):
        rows = [session.get(AuthenticatorRow, name) for name in ("ada", "grace")]
        rows[1].secret = rows[0].secret

    await house.accounts.database.run(swap)
    assert not await house.factor.verify("grace", app.at(house.clock.now))


async def test_code_of_app_survives_a_rotation_of_the_secret_until_it_is_gone(house):
    app, codes = await set_up(house)
    house.auth.keys = KeyRing([OTHER_SECRET, SECRET])
    assert await house.factor.verify("ada", app.at(house.clock.now))
    assert await house.factor.verify("ada", codes[0])
    house.auth.keys, house.clock.now = KeyRing([OTHER_SECRET]), house.clock.now + STEP_SECONDS
    assert not await house.factor.verify("ada", app.at(house.clock.now))
    assert not await house.factor.verify("ada", codes[1])


async def test_code_of_app_works_once(house):
    app, _ = await set_up(house)
    code = app.at(house.clock.now)
    assert await house.factor.verify("ada", f" {code[:3]} {code[3:]} ")
    assert not await house.factor.verify("ada", code)


async def test_first_code_does_not_sign_in(house):
    enrollment = await house.factor.begin("ada", issuer="Tests")
    code = pyotp.TOTP(enrollment.secret).at(house.clock.now)
    await house.factor.confirm("ada", code)
    assert not await house.factor.verify("ada", code)


@pytest.mark.parametrize(("steps", "is_right"), [(-2, False), (-1, True), (1, True), (2, False)])
async def test_code_of_app_is_accepted_one_step_away(house, steps, is_right):
    app, _ = await set_up(house)
    house.clock.now += 10 * STEP_SECONDS
    code = app.at(house.clock.now + steps * STEP_SECONDS)
    assert await house.factor.verify("ada", code) is is_right


async def test_code_before_a_used_one_is_rejected(house):
    app, _ = await set_up(house)
    house.clock.now += 10 * STEP_SECONDS
    assert await house.factor.verify("ada", app.at(house.clock.now))
    assert not await house.factor.verify("ada", app.at(house.clock.now - STEP_SECONDS))


async def test_code_used_by_many_workers_at_once_works_once(house, opened):
    app, codes = await set_up(house)
    workers = [house.factor]
    for _ in range(3):
        other = opened()
        other.attach(house.auth)
        workers.append(at(other, house.auth, house.clock))
    for code in (app.at(house.clock.now), codes[0]):
        used = await asyncio.gather(*(each.verify("ada", code) for each in workers * 4))
        assert used.count(True) == 1


async def test_recovery_code_works_once_in_any_spelling_and_for_its_account_only(house):
    _, codes = await set_up(house)
    await set_up(house, "grace")
    assert not await house.factor.verify("grace", codes[0])
    assert await house.factor.verify("ada", codes[0].upper().replace("-", " "))
    assert not await house.factor.verify("ada", codes[0])
    assert await house.factor.count_codes("ada") == 9


async def test_renewed_recovery_codes_replace_the_old_ones(house):
    _, old = await set_up(house)
    new = await house.factor.renew_codes("ada")
    assert len(new) == 10
    assert not await house.factor.verify("ada", old[0])
    assert await house.factor.verify("ada", new[0])


@pytest.mark.parametrize(
    "code", ["", "0" * 7, "١٢٣٤٥٦", "x" * 10_000, "\0", "00000-00000", "\ud800"]
)
async def test_malformed_code_is_rejected(house, code):
    await set_up(house)
    assert not await house.factor.verify("ada", code)


async def test_second_app_is_rejected_while_there_is_one(house):
    app, _ = await set_up(house)
    with pytest.raises(AccountRejected, match="already"):
        await house.factor.begin("ada", issuer="Tests")
    assert await house.factor.verify("ada", app.at(house.clock.now))


async def test_recovery_codes_need_a_second_factor(house):
    with pytest.raises(AccountRejected, match="no second factor"):
        await house.factor.renew_codes("ada")
    await house.factor.begin("ada", issuer="Tests")
    with pytest.raises(AccountRejected, match="no second factor"):
        await house.factor.renew_codes("ada")


async def test_turning_off_forgets_all(house):
    app, codes = await set_up(house)
    token = await house.factor.remember("ada", PHONE)
    await house.factor.turn_off("ada")
    assert not await house.factor.is_required("ada")
    for code in (app.at(house.clock.now), codes[0]):
        assert not await house.factor.verify("ada", code)
    assert not await house.factor.is_remembered("ada", token)
    for table in (AuthenticatorRow, RecoveryCodeRow, BrowserRow):
        assert await rows_of(house, table) == 0


async def test_deleted_account_leaves_nothing(house):
    await set_up(house)
    await house.factor.remember("ada", PHONE)
    await house.accounts.delete("ada")
    for table in (AuthenticatorRow, RecoveryCodeRow, BrowserRow):
        assert await rows_of(house, table) == 0


async def test_remembered_browser_is_bound_to_account_and_listed_and_forgotten(house):
    token = await house.factor.remember("ada", PHONE)
    other = await house.factor.remember("ada", PHONE)
    assert await house.factor.is_remembered("ada", token)
    assert not await house.factor.is_remembered("grace", token)
    assert not await house.factor.is_remembered("ada", token[:-1])
    newest, oldest = await house.factor.browsers("ada")
    assert (oldest.user_agent, oldest.ip) == (PHONE.user_agent, PHONE.ip)
    assert token not in (newest.id, oldest.id)
    await house.factor.forget("grace", oldest.id)
    assert len(await house.factor.browsers("ada")) == 2
    for browser in (newest, oldest):
        await house.factor.forget("ada", browser.id)
    assert not await house.factor.is_remembered("ada", token)
    assert not await house.factor.is_remembered("ada", other)


async def test_remembered_browser_is_forgotten_after_30_days(house):
    token = await house.factor.remember("ada", PHONE)
    house.clock.now += DAYS * 86_400 - 1
    assert await house.factor.is_remembered("ada", token)
    house.clock.now += 1
    assert not await house.factor.is_remembered("ada", token)
    assert await house.factor.browsers("ada") == []


async def test_new_password_forgets_browsers(house):
    token = await house.factor.remember("ada", PHONE)
    await house.accounts.change_password("ADA", f"{PASSWORD} and more")
    assert not await house.factor.is_remembered("ada", token)
    assert await house.factor.browsers("ada") == []


async def test_account_remembers_a_limited_number_of_browsers(house):
    for _ in range(22):
        house.clock.now += 1
        await house.factor.remember("ada", PHONE)
    assert len(await house.factor.browsers("ada")) == 20
