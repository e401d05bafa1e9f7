"""Accounts: made by registration, opened by the right password alone, in any database."""

from __future__ import annotations

import asyncio

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import create_engine, text

from authdemo.accounts import AccountRejected
from authdemo.accounts.database import read_url
from tests.accounts.conftest import ADA, FORM, GRACE, PASSWORD, all_of


def kept(url: str, account_id: str) -> str:
    """Read the hash that the database holds."""
    engine = create_engine(read_url(url))
    with engine.connect() as db:
        query = text("SELECT password FROM accounts WHERE id = :id")
        hashed: str = db.execute(query, {"id": account_id}).scalar_one()
    engine.dispose()
    return hashed


class TestCheck:
    async def test_right_password_finds_the_account(self, accounts):
        assert await accounts.check("ada", PASSWORD) == ADA
        assert await accounts.authorize({"id": "grace", "password": PASSWORD}) == GRACE

    @pytest.mark.parametrize("password", ["", "a guess", PASSWORD + " ", PASSWORD.upper()])
    async def test_other_password_is_wrong(self, accounts, password):
        assert await accounts.check("ada", password) is None

    @pytest.mark.parametrize(
        "account_id", ["", "ada ", "ad%", "ada\0", "' OR 1=1 --", "\ud800", "x" * 2**20]
    )
    async def test_unknown_id_finds_no_account(self, accounts, account_id):
        assert await accounts.check(account_id, PASSWORD) is None
        assert await accounts.find(account_id) is None

    @pytest.mark.parametrize("typed", ["ADA", "Ada", "adA", "\uff41da"])
    async def test_id_is_the_same_in_any_letter_case(self, accounts, typed):
        assert await accounts.check(typed, PASSWORD) == ADA
        assert await accounts.check(typed, "a guess") is None
        assert await accounts.find(typed) == await accounts.get(typed) == ADA
        await accounts.update(typed, role="admin")
        await accounts.change_password(typed, "another password")
        assert (await accounts.check("ada", "another password")).role == "admin"

    async def test_id_registered_in_capitals_signs_in_without_them(self, accounts):
        await accounts.register({**FORM, "id": "Mary_Shelley"})
        for typed in ("Mary_Shelley", "mary_shelley", "MARY_SHELLEY"):
            assert (await accounts.check(typed, PASSWORD)).id == "Mary_Shelley"

    @pytest.mark.parametrize("value", [None, 1, True, ["ada"], {"id": "ada"}, b"ada"])
    async def test_credentials_that_are_not_text_find_no_account(self, accounts, value):
        assert await accounts.check(value, PASSWORD) is None
        assert await accounts.check("ada", value) is None
        assert await accounts.find(value) is None

    async def test_password_is_not_stored(self, accounts, url):
        assert await accounts.check("ada", PASSWORD)
        assert kept(url, "ada").startswith("$argon2id$")


class TestRehash:
    async def test_outdated_hash_is_replaced_at_the_next_sign_in(self, accounts, opened, url):
        assert await accounts.check("ada", PASSWORD)
        dearer = opened(hasher=PasswordHasher(time_cost=2, memory_cost=64, parallelism=1))
        assert await dearer.check("ada", "a guess") is None
        assert extract_parameters(kept(url, "ada")).memory_cost == 8
        assert await dearer.check("ada", PASSWORD) == ADA
        assert extract_parameters(kept(url, "ada")).memory_cost == 64
        assert extract_parameters(kept(url, "grace")).memory_cost == 8
        assert await dearer.check("ada", PASSWORD) == ADA

    async def test_rehash_does_not_undo_a_concurrent_change(self, accounts, url):
        assert await accounts.check("ada", PASSWORD)
        before = kept(url, "ada")
        await accounts.change_password("ada", "another password")
        await accounts._renew("ada", PASSWORD, before)
        assert await accounts.check("ada", "another password") == ADA
        assert await accounts.check("ada", PASSWORD) is None


class TestRegister:
    async def test_registration_creates_an_account_of_the_first_role(self, accounts, opened):
        mary = await accounts.register(FORM)
        assert (mary.id, mary.name, mary.email, mary.role) == (
            "mary",
            "Mary Shelley",
            "mary@example.org",
            "user",
        )
        elsewhere = opened()
        assert await elsewhere.check("mary", PASSWORD) == mary
        assert await elsewhere.find("mary") == mary
        assert [member.id for member in await all_of(elsewhere)] == ["ada", "grace", "mary"]

    @pytest.mark.parametrize("more", [{"role": "admin"}, {"folded": "x"}, {"image": "https://x"}])
    async def test_registration_ignores_fields_outside_the_form(self, accounts, more):
        mary = await accounts.register({**FORM, **more})
        assert (mary.role, mary.image) == ("user", None)

    @pytest.mark.parametrize("account_id", ["ada", "Ada", "ADA", " ada "])
    async def test_taken_id_is_taken_in_any_letter_case(self, accounts, account_id):
        with pytest.raises(AccountRejected) as refused:
            await accounts.register({**FORM, "id": account_id})
        assert (refused.value.field, refused.value.reason) == ("id", "taken")
        assert await accounts.check("ada", PASSWORD) == ADA
        assert len(await all_of(accounts)) == 2

    async def test_email_of_another_account_is_accepted(self, accounts):
        assert await accounts.register({**FORM, "email": ADA.email})

    async def test_invalid_registration_creates_no_account(self, accounts):
        with pytest.raises(AccountRejected) as refused:
            await accounts.register({**FORM, "id": "x", "email": "nobody", "password": "short"})
        assert refused.value.by_field().keys() == {"id", "email", "password"}
        assert len(await all_of(accounts)) == 2

    async def test_concurrent_registrations_of_one_id_create_one_account(self, opened):
        workers = [opened(), opened()]
        wanted = [{**FORM, "id": "One" if n % 3 else "one", "name": f"N{n}"} for n in range(8)]
        tries = (workers[n % 2].register(form) for n, form in enumerate(wanted))
        answers = await asyncio.gather(*tries, return_exceptions=True)
        refusals = [each for each in answers if isinstance(each, AccountRejected)]
        assert len(refusals) == 7
        assert {each.reason for each in refusals} == {"taken"}
        (winner,) = (each for each in answers if each not in refusals)
        assert await all_of(workers[0]) == [winner]


class TestChange:
    async def test_new_password_replaces_the_old_one(self, accounts):
        await accounts.change_password("ada", "a new password")
        assert await accounts.check("ada", "a new password") == ADA
        assert await accounts.check("ada", PASSWORD) is None
        assert await accounts.check("grace", PASSWORD) == GRACE

    @pytest.mark.parametrize(
        "password", ["", "1234567", "x" * 1025, "with\0a nul", "\ud800" * 9, None, 8]
    )
    async def test_invalid_password_changes_nothing(self, accounts, password):
        with pytest.raises(AccountRejected) as refused:
            await accounts.change_password("ada", password)
        assert refused.value.field == "password"
        assert await accounts.check("ada", PASSWORD) == ADA

    async def test_id_is_not_its_own_password(self, accounts):
        await accounts.register({**FORM, "id": "wollstonecraft"})
        with pytest.raises(AccountRejected) as refused:
            await accounts.change_password("wollstonecraft", "Wollstonecraft")
        assert refused.value.reason == "same_as_id"

    @pytest.mark.parametrize("password", ["password1", "PassWord1", "12345678"])
    async def test_common_password_is_rejected_at_registration_and_at_change(
        self, accounts, password
    ):
        for attempt in (
            accounts.register({**FORM, "password": password}),
            accounts.change_password("ada", password),
        ):
            with pytest.raises(AccountRejected) as refused:
                await attempt
            assert (refused.value.field, refused.value.reason) == ("password", "too_common")
            assert refused.value.message == (
                "The password must not be one of the most common passwords."
            )
        assert await accounts.check("ada", PASSWORD) == ADA
        assert len(await all_of(accounts)) == 2

    async def test_new_role_stays(self, accounts):
        await accounts.update("ada", role="admin")
        assert (await accounts.get("ada")).role == "admin"
        assert await accounts.get("grace") == GRACE

    @pytest.mark.parametrize(
        ("account_id", "role"),
        [("ada", "root"), ("ada", None), ("nobody", "user"), ([], "user")],
    )
    async def test_unknown_role_or_account_is_rejected(self, accounts, account_id, role):
        with pytest.raises(AccountRejected):
            await accounts.update(account_id, role=role)
        assert await all_of(accounts) == [ADA, GRACE]

    async def test_unknown_account_has_no_password_to_change(self, accounts):
        with pytest.raises(AccountRejected) as refused:
            await accounts.change_password("nobody", "a new password")
        assert refused.value.reason == "unknown"


class TestSeed:
    async def test_seed_accounts_are_inserted_once(self, opened):
        accounts = opened()
        accounts.seed([ADA], "the first")
        accounts.seed([ADA, GRACE], "the second")
        assert await accounts.check("ada", "the first") == ADA
        later = opened()
        later.seed([ADA, GRACE], "the third")
        assert await all_of(later) == [ADA]
        assert await later.check("ada", "the third") is None

    async def test_concurrent_workers_insert_seeds_once(self, opened):
        workers = [opened() for _ in range(4)]
        for worker in workers:
            worker.seed([ADA, GRACE], PASSWORD)
        found = await asyncio.gather(*(all_of(worker) for worker in workers))
        assert found == [[ADA, GRACE]] * 4
