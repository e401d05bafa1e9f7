"""The guide on installation, followed to the letter in an empty folder."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from authdemo.testing.server import COMMAND
from tests.adoption.conftest import INSTALL, chapter, programs
from tests.adoption.steps import sign_in_rename_and_leave
from tests.browser import launched
from tests.docs.commands import start_of
from tests.e2e.visitor import Visitor
from tests.support import apps, browser
from tests.support.server import ROOT, Server

SHIPPED = {
    "__init__.py",
    "__pycache__",
    "accounts",
    "cli",
    "devtools",
    "forgery.py",
    "metrics",
    "pytest_plugin.py",
    "serve",
    "sessions",
    "testing",
}
AUTH = re.compile(r"auth|protected|User\(|form\.get")


@pytest.fixture(scope="module")
def app(adopted: Path) -> Iterator[Server]:
    told = start_of(INSTALL, ".venv/bin/reflex")
    assert told.arguments == " ".join(COMMAND)
    own = adopted / ".venv" / "bin"
    mine = {"PYTHONPATH": "", "PATH": f"{own}:{programs()}", **told.variables}
    with apps.serving(adopted, mine, secret=None, python=str(own / "python")) as server:
        yield server


@pytest.fixture
def visitor(app: Server) -> Iterator[Visitor]:
    with launched() as chromium, Visitor.with_own_browser(chromium, app.url) as visitor:
        yield visitor
        visitor.saw_no_complaint()


def test_it_takes_ten_lines() -> None:
    lines = [line for block in chapter("python") for line in block.code.splitlines()]
    own = [line for line in lines if AUTH.search(line)]
    assert 5 < len(own) <= 10, own


def test_the_example_is_what_the_guide_shows() -> None:
    for block in chapter("python"):
        assert (ROOT / block.attributes["quote"]).read_text() == block.code


def test_the_demo_is_not_installed(app: Server) -> None:
    installed = app.log.parent / ".venv/lib"
    package = next(installed.glob("python*/site-packages/authdemo"))
    assert {path.name for path in package.iterdir()} <= SHIPPED
    for name in ("argon2", "sqlalchemy", "sqlmodel", "email_validator", "psycopg"):
        assert not list(package.parent.glob(name))


def test_accounts_say_what_they_need_beside_the_package(app: Server) -> None:
    folder = app.log.parent
    python = str(folder / ".venv" / "bin" / "python")
    tried = subprocess.run(
        [python, "-c", "import authdemo.accounts"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert tried.stderr.splitlines()[-1].endswith("Install authdemo[accounts].")
    metadata = next(folder.glob(".venv/lib/python*/site-packages/authdemo-*.dist-info/METADATA"))
    needed = re.compile(r"^Requires-Dist: ([\w-]+).*extra == 'accounts'", re.MULTILINE)
    extra = set(needed.findall(metadata.read_text()))
    assert extra == {
        "aiosmtplib",
        "alembic",
        "argon2-cffi",
        "bcrypt",
        "email-validator",
        "psycopg",
        "pyotp",
        "segno",
        "sqlalchemy",
        "sqlmodel",
        "webauthn",
        "zxcvbn",
    }


def test_the_page_is_for_members_only(app: Server) -> None:
    nobody = browser.Browser(app)
    assert nobody.get("/").status_code == 303
    assert nobody.log_in("ada", "a guess").status_code == 401
    assert nobody.log_in("ada").status_code == 200
    assert nobody.get("/").status_code == 200


def test_a_member_signs_in_is_renamed_in_every_tab_and_leaves_in_every_tab(
    visitor: Visitor,
) -> None:
    for tab in sign_in_rename_and_leave(visitor):
        tab.wait_for_url("**/login?callbackUrl=/")
