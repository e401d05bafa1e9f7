"""Accounts are disabled and change their role; an administrator is always left."""

from __future__ import annotations

import asyncio

import pytest

from authdemo.accounts import AccountRejected
from tests.accounts.conftest import GRACE, PASSWORD

DEMOTED = {"role": "user"}
DISABLED = {"disabled": True}


async def is_rejected(change, reason: str) -> bool:
    with pytest.raises(AccountRejected) as raised:
        await change
    return raised.value.reason == reason


@pytest.mark.parametrize("fields", [DEMOTED, DISABLED, DEMOTED | DISABLED])
async def test_last_administrator_stays_one(accounts, fields):
    assert await is_rejected(accounts.update("GRACE", **fields), "last_administrator")
    assert await accounts.check("grace", PASSWORD) == GRACE


async def test_last_administrator_is_not_deleted(accounts):
    assert await is_rejected(accounts.delete("grace"), "last_administrator")
    assert await accounts.find("grace") == GRACE


@pytest.mark.parametrize("fields", [DEMOTED, DISABLED])
async def test_one_of_two_administrators_may_go(accounts, fields):
    await accounts.update("ada", role="admin")
    await accounts.update("grace", **fields)
    assert await is_rejected(accounts.update("ada", **fields), "last_administrator")


async def test_disabled_administrator_does_not_count(accounts):
    await accounts.update("ada", role="admin", disabled=True)
    assert await is_rejected(accounts.update("grace", role="user"), "last_administrator")
    await accounts.update("ada", role="user")
    await accounts.update("ada", disabled=False)


@pytest.mark.parametrize("fields", [DEMOTED, DISABLED])
async def test_two_administrators_who_go_at_once_leave_one(opened, accounts, fields):
    await accounts.update("ada", role="admin")
    changes = (
        each.update(name, **fields) for each, name in ((accounts, "ada"), (opened(), "grace"))
    )
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["AccountRejected", "NoneType"]
    left = (await accounts.search(role="admin", disabled=False)).members
    assert len(left) == 1


async def test_other_changes_of_the_last_administrator_are_accepted(accounts):
    await accounts.update("grace", name="Amazing Grace", role="admin", disabled=False)
    assert (await accounts.get("grace")).name == "Amazing Grace"


async def test_disabled_account_is_signed_in_to_by_no_password(accounts):
    await accounts.administration.disable("ADA", by="grace")
    assert await accounts.check("ada", PASSWORD) is None
    assert await accounts.find("ada") is None
    await accounts.update("ada", disabled=False)
    assert await accounts.check("ada", PASSWORD)


@pytest.mark.parametrize("own", ["grace", "GRACE", "\uff47race"])
async def test_nobody_disables_themselves(accounts, own):
    await accounts.update("ada", role="admin")
    assert await is_rejected(accounts.administration.disable(own, by="grace"), "yourself")
    assert await accounts.find("grace")


@pytest.mark.parametrize("own", ["grace", "GRACE", "\uff47race"])
async def test_nobody_changes_their_own_role(accounts, own):
    await accounts.update("ada", role="admin")
    change = accounts.administration.change_role
    assert await is_rejected(change(own, "user", by="grace"), "own_role")
    assert (await accounts.get("grace")).role == "admin"
    await change(own, "user", by="ada")
    assert (await accounts.get("grace")).role == "user"
    assert await is_rejected(change("ada", "user", by=""), "last_administrator")


async def test_unknown_account_is_not_disabled(accounts):
    assert await is_rejected(accounts.administration.disable("nobody", by="grace"), "unknown")


async def test_user_of_a_disabled_account_gets_a_mail(open_office):
    async with open_office() as office:
        await office.accounts.administration.disable("ada", by="grace")
        await office.deliver()
        assert office.postbox.newest("ada@example.org")["Subject"] == "Your account is disabled"
