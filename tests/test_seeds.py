"""The demo's own accounts, whose password everybody knows: there unless the operator says no."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from authdemo import seeds
from authdemo.sessions.errors import ConfigurationError
from authdemo.testing import free_port
from tests.support.browser import Browser
from tests.support.server import ROOT, Server, running
from tests.support.tab import LOGIN_STATE, Tab


@pytest.mark.parametrize("value", ["false", "no", "off", "00", "0 ", "2"])
def test_demo_accounts_take_0_or_1_only(value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"takes 0 or 1, not '{value}'"):
        seeds.is_enabled({"AUTH_DEMO_ACCOUNTS": value})


def test_wrong_value_stops_the_start_with_one_line(tmp_path: Path) -> None:
    here = {"PORT": str(free_port()), "AUTH_DATA_DIR": str(tmp_path / "data")}
    ended = subprocess.run(
        [sys.executable, "-m", "authdemo", "run"],
        cwd=ROOT,
        env=os.environ | here | {"AUTH_DEMO_ACCOUNTS": "false"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == "error: AUTH_DEMO_ACCOUNTS takes 0 or 1, not 'false'.\n"
    assert list(tmp_path.iterdir()) == []


def test_accounts_of_before_migrations_stop_the_start_with_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with closing(sqlite3.connect(data / "accounts.db")) as database:
        database.execute("CREATE TABLE accounts (id TEXT PRIMARY KEY)")
    here = {"PORT": str(free_port()), "AUTH_DATA_DIR": str(data)}
    ended = subprocess.run(
        [sys.executable, "-m", "authdemo", "run"],
        cwd=ROOT,
        env=os.environ | here,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"error: sqlite:///{data}/accounts.db has a table accounts from")
    assert ended.stderr.count("\n") == 1


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Server]:
    """The app of an operator who wants no such accounts."""
    with running(tmp_path, AUTH_DEMO_ACCOUNTS="0") as server:
        yield server


def test_without_them_their_password_signs_nobody_in_and_is_not_shown(
    bare: Server, server: Server
) -> None:
    assert Browser(bare).log_in("jane_admin").status_code == 401
    assert Browser(server).log_in("jane_admin").status_code == 200
    for each, is_seeded in ((bare, False), (server, True)):
        with Tab(each, path="/login") as tab:
            tab.expect_vars(LOGIN_STATE, is_seeded=is_seeded)
