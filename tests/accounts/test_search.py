"""Accounts are found by the beginning of an id, an address or a name, a page at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from sqlalchemy import event

from authdemo.accounts import AccountRejected, Accounts, Member
from authdemo.accounts.models import AccountRow
from authdemo.accounts.passwords import folded

PEOPLE = [
    ("ada", "Ada Lovelace", "countess@example.org", "user"),
    ("Countess", "Other Person", "else@example.org", "user"),
    ("grace", "Grace Hopper", "cobol@example.org", "admin"),
    ("count_1", "100% Count", "ada@example.net", "user"),
    ("countX1", "Élan", "x@example.net", "admin"),
    ("zoe", "Countée Cullen", "count@example.net", "user"),
    ("zora", "Countée Cullen", "zora@example.net", "user"),
]


async def fill(accounts: Accounts, people: Iterable[tuple[str, str, str, str]]) -> None:
    rows = [
        AccountRow.of(Member(id=each, name=name, email=email, role=role), "!")
        for each, name, email, role in people
    ]
    await accounts.database.run(lambda session: session.add_all(rows))


@pytest.fixture
def people(opened):
    return opened()


async def ids(accounts, wanted="", **options):
    return [each.id for each in (await accounts.search(wanted, **options)).members]


async def pages(accounts, wanted="", *, limit, **options):
    after, found = "", []
    for _ in range(1000):
        page = await accounts.search(wanted, after=after, limit=limit, **options)
        assert len(page.members) == limit or not page.cursor
        found += [each.id for each in page.members]
        after = page.cursor
        if not after:
            return found
    raise AssertionError("the pages have no end")


class TestSearch:
    async def test_ids_come_first_then_addresses_then_names(self, people):
        await fill(people, PEOPLE)
        expected = ["count_1", "Countess", "countX1", "zoe", "ada", "zora"]
        assert await ids(people, "count") == expected

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ("ADA", ["ada", "count_1"]),
            (" grace ", ["grace"]),
            ("\uff27race", ["grace"]),
            ("É", ["countX1"]),
            ("e\u0301lan", ["countX1"]),
            ("count_", ["count_1"]),
            ("100%", ["count_1"]),
            ("%", []),
            ("_", []),
            ("nobody", []),
            ("ada'; DROP TABLE accounts; --", []),
        ],
    )
    async def test_text_is_the_beginning_in_any_letter_case(self, people, wanted, found):
        await fill(people, PEOPLE)
        assert await ids(people, wanted) == found

    async def test_all_are_listed_by_id_without_a_text(self, people):
        await fill(people, PEOPLE)
        every = sorted((each[0] for each in PEOPLE), key=folded)
        assert await ids(people) == every
        assert await pages(people, limit=3) == every

    @pytest.mark.parametrize("limit", [1, 2, 3, 5])
    async def test_pages_have_each_account_once(self, people, limit):
        await fill(people, PEOPLE)
        assert await pages(people, "count", limit=limit) == await ids(people, "count")

    async def test_pages_of_many_alike_have_each_once(self, people):
        alike = [(f"u{n:03}", f"User {n % 3}", f"u{n % 5}@example.org", "user") for n in range(60)]
        alike += [(f"x{n:03}", "Uma", f"u{n % 5}@example.net", "user") for n in range(30)]
        alike += [(f"y{n:03}", "Uma", "y@example.net", "user") for n in range(30)]
        await fill(people, alike)
        found = await pages(people, "u", limit=7)
        assert len(found) == len(set(found)) == 120
        assert found[:60] == [each[0] for each in alike[:60]]
        assert set(found[60:90]) == {each[0] for each in alike[60:90]}
        assert found[90:] == [each[0] for each in alike[90:]]

    async def test_filters_hold_on_every_page(self, people):
        await fill(people, PEOPLE)
        await people.update("zoe", disabled=True)
        assert await pages(people, "count", limit=1, role="admin") == ["countX1"]
        assert await pages(people, limit=1, role="admin") == ["countX1", "grace"]
        assert await pages(people, "count", limit=1, disabled=True) == ["zoe"]
        assert await pages(people, limit=1, disabled=True) == ["zoe"]
        assert "zoe" not in await pages(people, limit=2, disabled=False)

    async def test_page_says_what_is_known(self, people):
        await fill(people, PEOPLE[:1])
        await people.update("ada", disabled=True, email_verified=True)
        (ada,) = (await people.search()).members
        assert (ada.id, ada.name, ada.disabled, ada.email_verified) == (
            *("ada", "Ada Lovelace"),
            True,
            True,
        )
        assert ada.created_at > 0

    async def test_next_page_follows_though_accounts_came_and_went(self, people):
        await fill(people, PEOPLE)
        first = await people.search(limit=2)
        await people.delete(first.members[-1].id)
        await fill(people, [("aaa", "A", "a@example.org", "user")])
        following = await people.search(after=first.cursor, limit=2)
        assert [each.id for each in following.members] == ["Countess", "countX1"]

    async def test_limit_is_bounded(self, people):
        await fill(people, [(f"u{n:03}", "U", "u@example.org", "user") for n in range(205)])
        sizes = [len((await people.search(limit=limit)).members) for limit in (-5, 0, 1, 9999)]
        assert sizes == [1, 1, 1, 200]

    @pytest.mark.parametrize(
        "cursor", ["x", "====", "WzAsMV0=", "WzksICJhIl0=", "WzAsICJhIiwgImIiXQ==", "\0", "e30="]
    )
    async def test_invalid_cursor_is_rejected(self, people, cursor):
        with pytest.raises(AccountRejected) as rejected:
            await people.search(after=cursor)
        assert rejected.value.reason == "cursor"

    @pytest.mark.parametrize("wanted", ["a\0b", "x" * 2000, "\ud800"])
    async def test_impossible_text_is_rejected(self, people, wanted):
        with pytest.raises(AccountRejected):
            await people.search(wanted)


class TestPlans:
    """No query reads the whole table or sorts it, so that a million accounts don't slow it."""

    _POSTGRESQL = ("seqscan", "bitmapscan", "sort", "incremental_sort")

    def explain(self, connection, statement, parameters):
        """Ask for a plan as of a large table: a small one is best read whole."""
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[3] for row in rows)
        for switch in self._POSTGRESQL:
            connection.exec_driver_sql(f"SET LOCAL enable_{switch} = off")
        rows = connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)
        return "\n".join(row[0] for row in rows)

    async def plans(self, accounts, query):
        await accounts.open()
        engine, seen = accounts.database._engine, []

        def see(*about):
            _, _, statement, parameters, *_ = about
            if statement.startswith("SELECT"):
                seen.append((statement, parameters))

        event.listen(engine, "before_cursor_execute", see)
        await query
        event.remove(engine, "before_cursor_execute", see)
        assert seen
        with engine.connect() as connection:
            return [self.explain(connection, *each) for each in seen]

    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"role": "admin"},
            {"disabled": True},
            {"text": "count"},
            {"text": "count", "role": "admin"},
            {"text": "count", "disabled": False},
        ],
        ids=str,
    )
    async def test_each_page_is_read_by_an_index(self, people, options):
        await fill(people, PEOPLE)
        after = ""
        for number in itertools.count():
            page = await people.search(after=after, limit=1, **options)
            query = people.search(after=after, limit=1, **options)
            for plan in await self.plans(people, query):
                assert "Seq Scan" not in plan
                assert "SCAN accounts\n" not in f"{plan}\n"
                assert "Sort" not in plan
                assert "TEMP B-TREE" not in plan
                assert "accounts_" in plan
            after = page.cursor
            if not after:
                assert number or "role" in options or "disabled" in options
                return

    async def test_accounts_of_other_roles_are_not_read(self, people):
        await fill(people, PEOPLE)
        query = people.search("x", role="admin", limit=9)
        indices = ("accounts_role", "accounts_role_email", "accounts_role_name")
        for plan, index in zip(await self.plans(people, query), indices, strict=True):
            assert f"{index} " in plan

    async def test_sign_in_and_lookup_read_one_row_by_an_index(self, people):
        await fill(people, PEOPLE)
        for query in (people.find("Ada"), people.check("ada", "a guess of a password")):
            for plan in await self.plans(people, query):
                assert "accounts_folded" in plan
                assert "Scan" not in plan.replace("Index Scan", "")


async def test_both_databases_sort_by_code_points(people):
    names = ["a-b", "a_b", "a.b", "ab", "aB2", "zz", "b"]
    await fill(people, [(each, "N", "n@example.org", "user") for each in names])
    assert await ids(people) == sorted(names, key=folded)
