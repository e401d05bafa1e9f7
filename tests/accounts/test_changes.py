"""Accounts change, are disabled and deleted, and their sessions follow."""

from __future__ import annotations

import pytest
from sqlmodel import SQLModel, func, select

from authdemo.accounts import AccountRejected, Accounts
from authdemo.accounts.models import AccountRow, MailRow, PasskeyRow
from authdemo.sessions.errors import StoreUnavailable, UpdateRejected
from tests.accounts.conftest import ADA, FORM, GRACE, PASSWORD, all_of


class Sessions:
    """What accounts ask of an app's sessions."""

    def __init__(self, accounts: Accounts) -> None:
        self.refreshed: list[tuple[str, ...]] = []
        self.revoked: list[tuple[str, str]] = []
        self.found: list[object] = []
        self.error: Exception | None = None
        self._accounts = accounts

    async def refresh(self, account_id: str, *fields: str) -> None:
        self.refreshed.append((account_id, *fields))
        self.found.append(await self._accounts.find(account_id))
        if self.error is not None:
            raise self.error

    async def revoke_user(self, account_id: str, reason: str) -> None:
        self.revoked.append((account_id, reason))
        self.found.append(await self._accounts.find(account_id))
        if self.error is not None:
            raise self.error


@pytest.fixture
def sessions(accounts, monkeypatch):
    sessions = Sessions(accounts)
    monkeypatch.setattr(accounts, "_auth", sessions)
    return sessions


class TestUpdate:
    async def test_change_is_kept_and_sessions_follow(self, accounts, sessions):
        await accounts.update("ADA", name=" Ada King ", email="Ada@Example.org")
        changed = ADA.model_copy(update={"name": "Ada King", "email": "Ada@example.org"})
        assert sessions.found == [changed]
        assert sessions.refreshed == [("ADA", "name", "email")]
        assert [each.id for each in (await accounts.search("ada k")).members] == ["ada"]
        assert await accounts.find("grace") == GRACE

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "Good", "email": "nowhere"}, "email"),
            ({"role": "root"}, "role"),
            ({"id": "other"}, "id"),
            ({"password": "x" * 12}, "password"),
            ({"folded": "x"}, "folded"),
            ({"disabled": "yes"}, "disabled"),
        ],
    )
    async def test_invalid_change_changes_nothing(self, accounts, sessions, fields, field):
        with pytest.raises(AccountRejected) as rejected:
            await accounts.update("ada", **fields)
        assert rejected.value.field == field
        assert (await accounts.find("ada"), sessions.refreshed) == (ADA, [])

    async def test_disabled_account_can_not_be_used_until_it_is_enabled(self, accounts, sessions):
        await accounts.update("ada", disabled=True)
        assert sessions.found == [None]
        assert await accounts.check("ada", PASSWORD) is None
        with pytest.raises(AccountRejected):
            await accounts.register({**FORM, "id": "Ada"})
        await accounts.update("ada", disabled=False)
        assert await accounts.check("ada", PASSWORD) == ADA


class TestSave:
    async def test_fields_of_accounts_are_kept_and_others_ignored(self, accounts, sessions):
        await accounts.save("ada", {"name": "Ada King", "theme": "dark"})
        assert (await accounts.get("ada")).name == "Ada King"
        assert sessions.refreshed == []

    async def test_user_without_an_account_has_nothing_to_keep(self, accounts):
        await accounts.save("https://issuer#ada", {"name": "Ada"})
        assert await all_of(accounts) == [ADA, GRACE]

    async def test_invalid_value_is_rejected_as_an_update(self, accounts):
        with pytest.raises(UpdateRejected) as rejected:
            await accounts.save("ada", {"role": "root"})
        assert rejected.value.field == "role"


class TestDelete:
    async def test_account_and_all_that_belongs_to_it_is_deleted(self, accounts, sessions):
        rows = [
            PasskeyRow(
                id="passkey",
                account_id="ada",
                user_handle="h",
                public_key=b"k",
                sign_count=0,
                can_be_backed_up=False,
                is_backed_up=False,
                transports="[]",
                aaguid="",
                name="Key",
            ),
            MailRow(template="new_device", account_id="ada", address="ada@example.org"),
        ]
        await accounts.database.run(lambda session: session.add_all(rows))
        await accounts.delete("Ada")
        assert sessions.revoked == [("ada", "deleted")]
        assert sessions.found == [None], "nobody signs in while the sessions end"
        assert await all_of(accounts) == [GRACE]
        for table in (PasskeyRow, MailRow):
            count = select(func.count()).select_from(table)
            assert await accounts.database.run(lambda db, query=count: db.exec(query).one()) == 0

    def test_every_table_with_an_account_loses_its_rows(self):
        for table in SQLModel.metadata.tables.values():
            if "account_id" in table.columns and table.name != MailRow.__tablename__:
                (key,) = table.columns["account_id"].foreign_keys
                assert (key.target_fullname, key.ondelete) == ("accounts.id", "CASCADE"), table

    async def test_id_is_free_afterwards(self, accounts):
        await accounts.delete("ada")
        again = await accounts.register({**FORM, "id": "Ada"})
        assert (again.id, again.email) == ("Ada", FORM["email"])
        assert await accounts.check("ada", PASSWORD) == again

    async def test_account_stays_if_its_sessions_can_not_be_ended(self, accounts, sessions):
        sessions.error = StoreUnavailable()
        with pytest.raises(StoreUnavailable):
            await accounts.delete("ada")
        assert await accounts.check("ada", PASSWORD) == ADA

    async def test_disabled_account_is_deleted_and_stays_disabled_if_that_fails(
        self, accounts, sessions
    ):
        await accounts.update("ada", disabled=True)
        sessions.error = StoreUnavailable()
        with pytest.raises(StoreUnavailable):
            await accounts.delete("ada")
        assert await accounts.find("ada") is None
        sessions.error = None
        await accounts.delete("ada")
        count = select(func.count()).select_from(AccountRow)
        assert await accounts.database.run(lambda db: db.exec(count).one()) == 1

    async def test_unknown_account_is_rejected(self, accounts):
        with pytest.raises(AccountRejected) as rejected:
            await accounts.delete("nobody")
        assert rejected.value.reason == "unknown"
