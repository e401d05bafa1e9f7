"""Who may use the devtools, and what is there where they are off."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from authdemo.devtools.access import Access
from authdemo.sessions import ConfigurationError, Session, User
from authdemo.sessions.reflex.plugin import _check_devtools
from tests.support.server import SECRET


class Person(User):
    role: str = "user"


def session(role: str) -> Session:
    now = datetime.now(UTC)
    return Session(
        id="x", user=Person(id="a", role=role), expires=now, rev=1, claims={}, authenticated_at=now
    )


@pytest.mark.parametrize(
    ("roles", "role", "is_allowed"),
    [
        (frozenset(), "admin", False),
        (frozenset({"admin"}), "admin", True),
        (frozenset({"admin"}), "user", False),
        (None, "user", True),
    ],
)
def test_access_follows_roles(roles: frozenset[str] | None, role: str, *, is_allowed: bool) -> None:
    assert Access(roles).allows(session(role)) is is_allowed


@pytest.mark.parametrize("value", ["admin", [], [1], 7])
def test_plugin_rejects_other_values_for_devtools(value: object) -> None:
    with pytest.raises(ConfigurationError, match="devtools=") as raised:
        _check_devtools(value)
    assert '["admin"]' in str(raised.value)


APP = """
import reflex as rx
from authdemo.sessions import Auth, Credentials

auth = Auth(providers=[Credentials(authorize=lambda credentials: None)])
app = rx.App()
app.add_page(rx.fragment, route="/")
"""

LOOK = """
import sys
import reflex as rx
from reflex.config import get_config

app = sys.modules.get("my_app.my_app") or __import__("my_app.my_app").my_app
get_config().plugins[0]._add_devtools(app.app)
print("authdemo.devtools" in sys.modules, (2, "SessionDevtools") in app.app.extra_app_wraps)
"""


@pytest.mark.parametrize(
    ("mode", "option", "is_there"),
    [
        ("dev", "", True),
        ("dev", ", devtools=False", False),
        ("prod", "", False),
        ("prod", ", devtools=False", False),
        ("prod", ", devtools=True", True),
        ("prod", ", devtools=['staff']", True),
    ],
)
def test_devtools_are_imported_only_where_they_are_on(
    tmp_path: Path, mode: str, option: str, *, is_there: bool
) -> None:
    package = tmp_path / "my_app"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "my_app.py").write_text(APP)
    (tmp_path / "rxconfig.py").write_text(
        "import reflex as rx\n"
        "from authdemo.sessions import SessionsPlugin\n"
        f'plugins = [SessionsPlugin("my_app.my_app:auth"{option})]\n'
        'config = rx.Config(app_name="my_app", telemetry_enabled=False, plugins=plugins)\n'
    )
    environ = {"REFLEX_ENV_MODE": mode, "AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path)}
    looked = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env={**os.environ, **environ, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert looked.stdout.split()[-2:] == [str(is_there)] * 2, looked.stderr
