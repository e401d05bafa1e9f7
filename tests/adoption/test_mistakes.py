"""Set up wrongly, an app doesn't start, and one line says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from authdemo.testing.server import COMMAND
from tests.support import apps

MANY = "\n\nconfig.plugins.append(SessionsPlugin('my_app.my_app:auth'))\n"


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm packages of an app."""
    folder = tmp_path_factory.mktemp("mistakes")
    apps.adopt(folder)
    return folder


@pytest.fixture
def folder(packages: Path) -> Path:
    """An app that was never started, beside those packages."""
    for made in ("my_app", ".data"):
        shutil.rmtree(packages / made, ignore_errors=True)
    apps.write_minimal(packages)
    return packages


def start(folder: Path, *, unset: tuple[str, ...] = (), **environ: str) -> str:
    """Start the app, which must fail at once, and tell its last words."""
    env = apps.environment() | {"ADAS_PASSWORD": "tutorial"} | environ
    ended = subprocess.run(
        [sys.executable, "-m", "reflex", *COMMAND],
        cwd=folder,
        env={name: value for name, value in env.items() if name not in unset},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr + ended.stdout
    return ended.stderr.strip().splitlines()[-1]


def amend(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_no_secret_in_production(folder: Path) -> None:
    said = start(folder, unset=("AUTH_SECRET",))
    assert said.startswith("error: AUTH_SECRET is not set, and production needs one. Make one")


def test_a_public_origin_without_https(folder: Path) -> None:
    said = start(folder, AUTH_URL="http://shop.example.com")
    assert said.startswith("error: AUTH_URL takes https for a public host like 'shop.example.com'")


def test_the_plugin_twice(folder: Path) -> None:
    with (folder / "rxconfig.py").open("a") as config:
        config.write(MANY)
    said = start(folder)
    assert said == "error: SessionsPlugin is in rxconfig.py twice. Leave one out."


def test_a_transport_that_knows_no_sockets(folder: Path) -> None:
    amend(folder / "rxconfig.py", 'app_name="my_app",', 'app_name="my_app", transport="polling",')
    said = start(folder)
    assert said == (
        "error: Reflex's transport is 'polling', and sessions need WebSockets: a tab gets its"
        " owner when its socket opens. Leave `transport` out of rxconfig.py."
    )


def test_an_app_below_the_root_of_its_origin(folder: Path) -> None:
    amend(folder / "rxconfig.py", 'app_name="my_app",', 'app_name="my_app", frontend_path="/sub",')
    said = start(folder)
    assert said.startswith("error: Reflex's frontend_path is '/sub', and sessions need an app at")


def test_sessions_that_cannot_be_read(folder: Path) -> None:
    (folder / ".data").mkdir()
    (folder / ".data" / "sessions.db").write_text("garbage\n")
    said = start(folder)
    assert said.startswith("error: The session database .data/sessions.db can't be used")


def test_sessions_that_are_not_there(folder: Path) -> None:
    amend(folder / "rxconfig.py", "my_app.my_app:auth", "my_app.my_app:oauth")
    said = start(folder)
    assert said == (
        "error: SessionsPlugin('my_app.my_app:oauth'): 'my_app.my_app' has no Auth 'oauth'. "
        'Pass "module:attribute", for example "my_app.auth:auth".'
    )


def test_a_protected_page_that_does_not_exist(folder: Path) -> None:
    app = folder / "my_app" / "my_app.py"
    amend(app, "import Auth, Credentials", "import Auth, Pages, Credentials")
    amend(app, "authorize)])", 'authorize)], pages=Pages(protected=frozenset({"/vualt"})))')
    said = start(folder)
    assert said == (
        "error: These pages are protected or public by name, but don't exist: ['/vualt']."
    )


def test_a_protected_var_whose_check_would_have_to_wait(folder: Path) -> None:
    app = folder / "my_app" / "my_app.py"
    amend(
        app,
        "class Home(rx.State):\n",
        "async def ask(session):\n    return True\n\n\nclass Home(rx.State):\n"
        "    secret: rx.Field[str] = protected(rx.field(''), check=ask)\n\n",
    )
    said = start(folder)
    assert said == ("error: Home.secret is protected by an async check, and a var can't wait.")


def test_a_button_for_a_provider_that_is_not_there(folder: Path) -> None:
    app = folder / "my_app" / "my_app.py"
    amend(app, "import os\n", "import os\nfrom authdemo.sessions.components import sign_in_with\n")
    amend(app, "on_click=Home.log_out", "on_click=sign_in_with('gogle')")
    said = start(folder)
    assert said == (
        "error: sign_in_with('gogle') names no provider of this app. It has: credentials."
    )
