"""pytest, run by the author of an app in the app's folder."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from itertools import filterfalse
from pathlib import Path
from typing import Any

import pytest

from authdemo.accounts.database import database_url
from authdemo.accounts.transports import read_sender, read_transport
from authdemo.pytest_plugin import OPERATORS, is_operators
from authdemo.sessions import Settings
from authdemo.sessions.providers import providers_from_environ
from tests.guards.conftest import APP
from tests.support.redis import Redis
from tests.support.server import ROOT

TESTS = Path(__file__).parent / "app"
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
OPERATOR = {
    "AUTH_DATA_DIR": "precious",
    "AUTH_SECRET": "too short, and the tests don't care",
    "AUTH_SESSION_MAX_AGE": "7",
    "AUTH_GITHUB_ID": "the operator's app, without its secret",
    "DB_URL": "sqlite:///precious.db",
    "REFLEX_REDIS_URL": "redis://127.0.0.1:1",
}
CONFIGURATION = "[pytest]\nfilterwarnings = error\nauth_app_folder = .\n"
KIT = ("app.py", "server.py")
"""What of the kit reads the environment, to hand it on to the app."""
ACCOUNTS = """
import asyncio

from authdemo.sessions.providers import providers_from_environ
from authdemo.accounts import Accounts


def test_the_accounts_of_a_test_are_its_own():
    assert providers_from_environ() == []
    accounts = Accounts()
    asyncio.run(accounts.open())
    accounts.close()
"""


def run(folder: Path, *arguments: str) -> str:
    """Run pytest there, with an operator's environment, and tell what it said."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "authdemo.pytest_plugin", "-q", *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), **ALONE, **OPERATOR},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return ended.stdout + ended.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of an app that was never built."""
    folder = tmp_path / "app"
    shutil.copytree(APP, folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "reflex.lock", folder / "reflex.lock")
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text(CONFIGURATION)
    return folder


def give(folder: Path, tests: str) -> None:
    shutil.copy(TESTS / f"{tests}.py", folder / "tests" / f"test_{tests}.py")


def use(folder: Path, redis: Redis) -> None:
    """Have the app keep its states in Redis."""
    set_again = f'import os\n\nos.environ["REFLEX_REDIS_URL"] = "{redis.url}"\n'
    (folder / "tests" / "conftest.py").write_text(set_again)


def test_events_keep_their_callers(folder: Path) -> None:
    give(folder, "callers")
    said = run(folder)
    assert "33 passed" in said, said


def test_events_keep_their_callers_where_states_are_in_redis(folder: Path, redis: Redis) -> None:
    give(folder, "callers")
    use(folder, redis)
    said = run(folder)
    assert "33 passed" in said, said


def test_kit_passes_the_tests_of_an_app(folder: Path) -> None:
    give(folder, "right")
    give(folder, "tabs")
    give(folder, "uses")
    give(folder, "failures")
    said = run(folder)
    assert " failed" not in said, said
    assert "41 passed, 4 skipped" in said, said


def test_a_test_that_fails_says_what_was_seen(folder: Path) -> None:
    give(folder, "wrong")
    said = run(folder)
    assert "4 failed" in said
    for part in (
        "'name': 'Ada Lovelace'",
        "not authenticated {'name': 'Countess'}",
        "not unauthenticated",
        "the tab holds {'balance': 100, 'paid': 0}, not {'balance': 90, 'paid': 0}",
        "the tab holds {'redirect_url': ''}, not {'redirect_url': '/login'}",
    ):
        assert part in said, said


def test_tabs_follow_their_sessions_where_states_are_in_redis(folder: Path, redis: Redis) -> None:
    give(folder, "tabs")
    use(folder, redis)
    said = run(folder)
    assert "18 passed, 1 skipped" in said, said


def test_an_app_in_another_folder_is_named_in_the_configuration(folder: Path) -> None:
    give(folder, "right")
    (folder.parent / "pytest.ini").write_text("[pytest]\nauth_app_folder = app\n")
    said = run(folder.parent, "-c", "pytest.ini", "-k", "role", "app/tests")
    assert "2 passed" in said, said


def test_what_fails_in_the_demo_leaves_no_dead_button_and_no_old_message(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nauth_app_folder = {ROOT}\n")
    (tmp_path / "tests").mkdir()
    give(tmp_path, "bugs")
    said = run(tmp_path)
    assert "10 passed" in said, said


def test_where_there_is_no_app_the_fixtures_say_so(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(login_as):\n    pass\n")
    said = run(tmp_path)
    assert f"There is no rxconfig.py in {tmp_path}. Run pytest in the app's folder" in said


UNTOUCHED = """
import os
from pathlib import Path


def test_it():
    assert os.environ["AUTH_SECRET"] == "too short, and the tests don't care"
    assert "REFLEX_BACKEND_ONLY" not in os.environ
    assert Path.cwd().name == "elsewhere"
"""


def test_plugin_without_its_fixtures_changes_nothing(folder: Path) -> None:
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(folder / "rxconfig.py", elsewhere)
    (elsewhere / "test_it.py").write_text(UNTOUCHED)
    said = run(elsewhere)
    assert "1 passed" in said, said


IN_TIME = """
from authdemo.sessions import User


def test_it(auth_app):
    from my_app.auth import auth

    assert auth_app.auth is auth
    assert auth_app.run(auth.revoke_user("nobody")) == 0
"""


def test_fixture_prepares_for_an_app_that_is_imported_later(folder: Path) -> None:
    (folder / "pytest.ini").unlink()
    (folder / "tests" / "test_it.py").write_text(IN_TIME)
    said = run(folder)
    assert "1 passed" in said, said
    assert list(folder.parent.rglob("precious*")) == []


EARLY = """
import os

os.environ["AUTH_SECRET"] = "a secret of the operator for all real sessions"
del os.environ["AUTH_GITHUB_ID"], os.environ["REFLEX_REDIS_URL"]

from my_app.auth import auth


def test_it(login_as):
    pass
"""


def test_fixture_rejects_an_app_that_was_imported_before(folder: Path) -> None:
    (folder / "pytest.ini").unlink()
    (folder / "tests" / "test_it.py").write_text(EARLY)
    said = run(folder)
    assert "'my_app' was imported before it got the settings of tests" in said, said
    assert "auth_app_folder = ." in said


class Asked(dict[str, str]):
    """An environment in which nothing is set, and which remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return default

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return False


def test_kit_ignores_all_variables_of_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = Asked()
    data_dir = Settings.from_environ(asked).data_dir
    database_url(data_dir, asked)
    read_transport(data_dir, asked)
    read_sender(asked)
    assert providers_from_environ(asked) == []
    assert asked.names.issuperset(OPERATORS)
    assert set(filterfalse(is_operators, asked.names)) == {"AUTH_DATA_DIR", "AUTH_SECRET"}


def test_nothing_else_reads_the_environment() -> None:
    reads = re.compile(r"\bos\.(environ|getenv)\b")
    packages = ("accounts", "devtools", "sessions", "testing")
    sources = [path for name in packages for path in (ROOT / "authdemo" / name).rglob("*.py")]
    readers = {path.name for path in sources if reads.search(path.read_text())}
    assert readers == {"settings.py", "database.py", "presets.py", "transports.py", *KIT}


def test_an_operators_database_is_left_alone(folder: Path) -> None:
    (folder / "tests" / "test_accounts.py").write_text(ACCOUNTS)
    said = run(folder)
    assert "1 passed" in said, said
    assert list(folder.parent.rglob("precious*")) == []
