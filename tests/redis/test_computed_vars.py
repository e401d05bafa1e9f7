"""Computed vars that read the session, in tabs of one process, and of two workers on one Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import APP, member
from tests.support import unbuilt
from tests.support.apps import state
from tests.support.browser import Browser
from tests.support.redis import Redis
from tests.support.server import Server
from tests.support.tab import Tab

BADGE, CLERK = map(state, ("badge", "clerk"))
NAMES = ("verified", "current", "by_import", "uncached", "by_helper", "by_var")


@pytest.fixture(scope="module", params=["one process", "two workers"])
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, Server]]:
    folder = tmp_path_factory.mktemp("workers")
    data = {"AUTH_DATA_DIR": str(folder)}
    with ExitStack() as stack:
        if request.param == "one process":
            server = stack.enter_context(unbuilt.serving(APP, folder / "log", **data))
            yield server, server
            return
        redis: Redis = request.getfixturevalue("redis")
        first, second = (
            stack.enter_context(
                unbuilt.serving(APP, folder / name, REFLEX_REDIS_URL=redis.url, **data)
            )
            for name in ("first", "second")
        )
        yield first, second


@pytest.fixture
def ada(servers: tuple[Server, Server]) -> Browser:
    return member(servers[0], "ada")


@pytest.fixture
def tabs(servers: tuple[Server, Server], ada: Browser) -> Iterator[tuple[Tab, Tab]]:
    """A tab of Ada's at each worker."""
    with Tab(servers[0], ada) as here, Tab(servers[1], ada) as there:
        yield here, there


def shows(tab: Tab, name: str) -> None:
    """Check that all vars that read the session show a user's name."""
    badge = f"{name}'s badge"
    expected = {**dict.fromkeys(NAMES, name), "by_helper": badge, "by_var": f"This is {badge}."}
    wait_until(
        lambda: {each: tab.var(BADGE, each) for each in NAMES} == expected,
        on_timeout=tab.received,
    )


def test_computed_vars_follow_an_update_of_the_client(ada: Browser, tabs: tuple[Tab, Tab]) -> None:
    for tab in tabs:
        shows(tab, "Ada Lovelace")
    stamps = [tab.var(BADGE, "stamp") for tab in tabs]
    assert ada.update({"name": "Countess"}).status_code == 200
    for tab in tabs:
        shows(tab, "Countess")
    assert [tab.var(BADGE, "stamp") for tab in tabs] == stamps


def test_computed_vars_follow_an_update_from_an_event_of_another_tab(
    tabs: tuple[Tab, Tab],
) -> None:
    here, there = tabs
    there.call(f"{CLERK}.rename", name="Enchantress")
    for tab in tabs:
        shows(tab, "Enchantress")
    here.call(f"{CLERK}.rename", name="Ada King")
    for tab in tabs:
        shows(tab, "Ada King")


def test_computed_vars_follow_what_the_view_does_not_show(tabs: tuple[Tab, Tab]) -> None:
    here, there = tabs
    before, view = there.var(BADGE, "proved_at"), there.view
    here.call(f"{BADGE}.prove")
    wait_until(lambda: there.var(BADGE, "proved_at") > before)
    assert there.view == view


def test_computed_vars_show_nobody_once_the_session_is_revoked(
    ada: Browser, tabs: tuple[Tab, Tab]
) -> None:
    for tab in tabs:
        shows(tab, "Ada Lovelace")
    assert ada.revoke(all=True).status_code == 200
    for tab in tabs:
        shows(tab, "nobody")


def test_computed_vars_are_their_owners_if_the_event_of_another_user_changes_the_tab(
    servers: tuple[Server, Server], ada: Browser
) -> None:
    grace = member(servers[0], "grace")
    with Tab(servers[0], ada) as adas, Tab(servers[0], grace) as graces:
        shows(graces, "Grace Hopper")
        adas.call(f"{BADGE}.touch", tab=graces.token)
        wait_until(lambda: graces.var(BADGE, "touched"))
        shows(graces, "Grace Hopper")
        assert "Lovelace" not in graces.received()


def test_next_owner_of_a_tab_sees_no_var_that_was_computed_for_the_last_one(
    servers: tuple[Server, Server], ada: Browser
) -> None:
    """Its code doesn't say that it reads the session, so it doesn't follow it."""
    with Tab(servers[0], ada) as adas:
        wait_until(lambda: adas.var(BADGE, "by_object") == "Ada Lovelace")
        ada.log_out()
        wait_until(lambda: adas.var(BADGE, "by_object") == "nobody")
    grace = member(servers[0], "grace")
    with Tab(servers[1], grace, token=adas.token) as graces:
        shows(graces, "Grace Hopper")
        assert "Lovelace" not in graces.received()
