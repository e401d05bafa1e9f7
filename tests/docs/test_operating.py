"""The guide for operators, on the app itself: a proxy with Redis."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from authdemo.testing import free_port, wait_until
from authdemo.testing.browser import SESSION
from tests.behind_caddy.conftest import started
from tests.docs import apps as guides
from tests.docs.markdown import GUIDES, blocks
from tests.docs.proxy import proxy
from tests.redis.workers import pids
from tests.support import apps
from tests.support.browser import Browser
from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import Server, running
from tests.support.tab import Tab

HOST, CLIENT, MADE_UP = "app.example.org", "203.0.113.7", "192.0.2.1"
SECURE = {"session": f"__Secure-{SESSION}", "csrf": "__Host-authjs.csrf-token"}
NEW = "the second secret of this app that replaces the first"


def words(guide: str, number: int) -> list[str]:
    """Read the words of a command that a guide tells."""
    return shlex.split(blocks(GUIDES / f"{guide}.md", "sh")[number].code.replace("\\\n", " "))


def variables(guide: str, number: int = 0) -> dict[str, str]:
    """Read the variables that a command of a guide sets, by default its first."""
    return dict(word.split("=", 1) for word in words(guide, number) if "=" in word)


@pytest.fixture
def deployed(tmp_path, redis: Redis, postgresql: PostgreSQL) -> Iterator[Server]:
    """The app as the guide deploys it, but for what this machine has otherwise."""
    here = {"REFLEX_REDIS_URL": redis.url, "DB_URL": postgresql.new_database()}
    here |= {"WORKERS": "2", "AUTH_DEMO_ACCOUNTS": "1"}
    guide = variables("deploy")
    assert here.keys() < guide.keys()
    chosen = {k: v for k, v in guide.items() if k not in ("PORT", "AUTH_SECRET")}
    with (
        running(tmp_path, **{**chosen, **here}) as server,
        proxy(server, host=HOST, client=CLIENT) as front,
    ):
        yield front


def test_behind_a_proxy_cookies_are_secure_and_addresses_right(deployed: Server) -> None:
    browser = Browser(deployed, **SECURE)
    forged = {"X-Auth-Return-Redirect": "1", "X-Forwarded-For": MADE_UP}
    answer = browser.log_in(headers=forged)
    assert answer.json()["url"] == f"https://{HOST}"
    cookies = answer.headers.get_list("set-cookie")
    assert any(cookie.startswith("__Secure-authjs.session-token=") for cookie in cookies)
    assert all("; Secure" in cookie for cookie in cookies)
    assert [session["ip"] for session in browser.sessions() if session["current"]] == [CLIENT]


def test_behind_a_proxy_sockets_follow_and_pages_are_not_kept(deployed: Server) -> None:
    browser = Browser(deployed, **SECURE)
    browser.log_in()
    page = browser.get("/")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    own = f"https://{HOST}"
    with Tab(deployed, browser, origin=own) as first, Tab(deployed, browser, origin=own) as second:
        first.server_update()
        wait_until(lambda: first.name == second.name == "Serverserver-man")


@pytest.fixture
def of_ones_own(tmp_path, redis: Redis) -> Iterator[Server]:
    """The first guide's app, as the guide deploys apps of one's own, but for what is otherwise."""
    python, *build = words("deploy", 1)
    assert words("deploy", 2)[-3:] == [python, "-m", "authdemo.serve"]
    port = str(free_port())
    guide, here = variables("deploy", 2), {"REFLEX_REDIS_URL": redis.url, "WORKERS": "2"}
    assert here.keys() < guide.keys()
    guides.write(tmp_path, "start")
    apps.adopt(tmp_path)
    subprocess.run([sys.executable, *build], cwd=tmp_path, env=apps.environment(None), check=True)
    own = {"AUTH_SECRET": NEW, "PORT": port, "AUTH_DATA_DIR": str(tmp_path / "data")}
    chosen = {**guides.variables("start"), **guide, **here, **own}
    with started(tmp_path, tmp_path / "log", port, ["-m", "authdemo.serve"], chosen) as server:
        yield server


def test_an_app_of_ones_own_is_deployed_without_node(of_ones_own: Server) -> None:
    assert len(pids(of_ones_own)) == 2
    with proxy(of_ones_own, host=HOST, client=CLIENT) as front:
        browser = Browser(front, **SECURE)
        assert browser.log_in("ada").json()["url"] == f"https://{HOST}"
        assert [session["ip"] for session in browser.sessions()] == [CLIENT]
        with ExitStack() as stack:
            opening = (Tab(front, browser, origin=f"https://{HOST}") for _ in range(8))
            tabs = [stack.enter_context(tab) for tab in opening]
            browser.update({"name": "Enchantress"})
            wait_until(lambda: {tab.name for tab in tabs} == {"Enchantress"})
