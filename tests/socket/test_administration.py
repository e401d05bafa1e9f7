"""The administrators' page: search, pages, and what its buttons do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.accounts import Accounts
from authdemo.testing import wait_until
from tests.accounts.conftest import CHEAP
from tests.socket.test_people import member
from tests.support.browser import Browser
from tests.support.server import Server, running
from tests.support.tab import ADMIN_STATE, Tab

COUNT = 23


async def fill(place: str) -> None:
    """Make accounts whose ids follow those of the demo."""
    with contextlib.closing(Accounts(place, hasher=CHEAP)) as accounts:
        for number in range(COUNT):
            name = f"user_{number:02}"
            form = {"id": name, "name": name.title(), "email": f"{name}@example.org"}
            await accounts.register({**form, "password": "a bird in a gilded cage"})


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app with some pages of accounts."""
    folder: Path = tmp_path_factory.mktemp("administration")
    with running(folder) as server:
        member(server)  # opens the database
        asyncio.run(fill(f"sqlite:///{folder}/data/accounts.db"))
        yield server


@pytest.fixture
def admins(world: Server) -> Iterator[Tab]:
    """An administrator's tab."""
    with Tab(world, member(world, "jane_admin"), path="/admin") as tab:
        tab.call(f"{ADMIN_STATE}.look")
        wait_until(lambda: len(ids(tab)) == 20)
        yield tab


def ids(tab: Tab) -> list[str]:
    return [each["id"] for each in tab.var(ADMIN_STATE, "people") or []]


def row(tab: Tab, account: str) -> dict[str, object]:
    return next(each for each in tab.var(ADMIN_STATE, "people") if each["id"] == account)


def test_list_has_pages(admins: Tab) -> None:
    first = ids(admins)
    assert first[:3] == ["jane_admin", "john_doe", "user_00"]
    admins.call(f"{ADMIN_STATE}.turn", forward=True)
    wait_until(lambda: ids(admins) == [f"user_{number:02}" for number in range(18, COUNT)])
    assert not admins.var(ADMIN_STATE, "cursor")
    admins.call(f"{ADMIN_STATE}.turn", forward=False)
    wait_until(lambda: ids(admins) == first)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("john", ["john_doe"]),
        ("JANE@", ["jane_admin"]),
        ("user_2", ["user_20", "user_21", "user_22"]),
        ("%", []),
        ("x" * 400, []),
    ],
)
def test_search_finds_what_begins_like_a_text(admins: Tab, text: str, found: list[str]) -> None:
    admins.call(f"{ADMIN_STATE}.search", form={"text": text})
    wait_until(lambda: ids(admins) == found)


def test_disabled_user_leaves_and_comes_back_when_enabled(world: Server, admins: Tab) -> None:
    john = member(world)
    with Tab(world, john) as tab:
        admins.call(f"{ADMIN_STATE}.disable", account_id="john_doe")
        wait_until(lambda: tab.status == "unauthenticated")
    wait_until(lambda: row(admins, "john_doe")["disabled"])
    wrong, disabled = (Browser(world).log_in(password=each) for each in ("a guess", "tutorial"))
    assert wrong.status_code == disabled.status_code == 401
    assert wrong.json() == disabled.json()
    admins.call(f"{ADMIN_STATE}.enable", account_id="john_doe")
    wait_until(lambda: not row(admins, "john_doe")["disabled"])
    member(world)


def test_one_session_of_a_user_ends_and_the_other_stays(world: Server, admins: Tab) -> None:
    john, phone = member(world), member(world)
    name = next(each["id"] for each in phone.sessions() if each["current"])
    admins.call(f"{ADMIN_STATE}.open", account_id="john_doe")
    wait_until(lambda: name in [each["id"] for each in admins.var(ADMIN_STATE, "sessions")])
    admins.call(f"{ADMIN_STATE}.end_session", account_id="john_doe", session_id=name)
    wait_until(lambda: phone.session() is None)
    assert john.session()


@pytest.mark.parametrize("name", ["send_reset", "send_verification"])
def test_mail_is_sent_to_the_user(world: Server, admins: Tab, name: str) -> None:
    outbox = world.log.parent / "data" / "outbox"
    before = len(list(outbox.glob("*.eml")))
    admins.call(f"{ADMIN_STATE}.{name}", account_id="user_00")
    wait_until(lambda: admins.var(ADMIN_STATE, "sent"))
    wait_until(lambda: len(list(outbox.glob("*.eml"))) > before)
