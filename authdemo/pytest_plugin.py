"""Fixtures for the tests of apps that have sessions; pytest finds them by itself.

pytest imports this module in every project, so it does nothing until one of its fixtures is
requested, or `auth_app_folder` in pytest's configuration names the folder of the app under test.
Name it if test modules import the app: pytest imports them before any fixture is requested.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from authdemo.sessions import User
    from authdemo.testing import Browser, FrozenClock, RunningApp, Server
    from authdemo.testing.browser import Site

SECRET = "a secret that everybody knows and only tests use"  # noqa: S105
OPERATORS = (
    "AUTH_ADMIN",
    "AUTH_COOKIE_PREFIX",
    "AUTH_EVENT_BYTES",
    "AUTH_EVENT_RATE",
    "AUTH_LOGIN_RATE",
    "AUTH_MAIL_FROM",
    "AUTH_MAX_SOCKETS",
    "AUTH_REGISTER_RATE",
    "AUTH_SESSION_ABSOLUTE_AGE",
    "AUTH_SESSION_MAX_AGE",
    "AUTH_SESSION_UPDATE_AGE",
    "AUTH_SIGNING_KEYS",
    "AUTH_SMTP_URL",
    "AUTH_TRUSTED_PROXIES",
    "AUTH_UPDATE_RATE",
    "AUTH_URL",
    "DB_URL",
    "REFLEX_REDIS_URL",
)
_PROVIDERS = re.compile(r"AUTH_\w+_(ID|SECRET|ISSUER)")
"""The variables of a provider, as Auth.js names them."""

_folder = pytest.StashKey[Path]()


class LoginAs(Protocol):
    """What the fixture `login_as` gives."""

    def __call__(
        self, user: User, *, at: Site | None = None, browser: Browser | None = None
    ) -> Browser:
        """Sign a user in without a password; see `RunningApp.login_as`."""


def is_operators(name: str) -> bool:
    """Tell whether a variable is an operator's, which tests don't follow."""
    return name in OPERATORS or _PROVIDERS.fullmatch(name) is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the app's folder."""
    parser.addini("auth_app_folder", "the folder of the app under test, with its rxconfig.py")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Prepare for the app that the configuration names, before anything can import it."""
    if named := early_config.getini("auth_app_folder"):
        folder = early_config.rootpath / named
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        stack.enter_context(_prepared(folder))
        early_config.stash[_folder] = folder


@pytest.fixture(scope="session")
def _auth_app_folder(pytestconfig: pytest.Config) -> Iterator[Path]:
    if _folder in pytestconfig.stash:
        yield pytestconfig.stash[_folder]
        return
    imported = set(sys.modules)
    with _prepared(pytestconfig.invocation_params.dir) as folder:
        from authdemo.sessions.reflex.compat import get_config

        if (name := get_config().app_name) in imported:
            raise pytest.UsageError(
                f"{name!r} was imported before it got the settings of tests. Add "
                "`auth_app_folder = .` to pytest's configuration."
            )
        yield folder


@pytest.fixture(scope="session")
def _running_auth_app(_auth_app_folder: Path) -> Iterator[RunningApp]:
    from authdemo.testing import running_app

    with running_app(_auth_app_folder) as app:
        yield app


@pytest.fixture
def auth_app(_running_auth_app: RunningApp) -> Iterator[RunningApp]:
    """The app, running in this process, without sessions."""
    yield _running_auth_app
    _running_auth_app.reset()


@pytest.fixture
def auth_browser(auth_app: RunningApp) -> Browser:
    """An anonymous browser at the app."""
    return auth_app.browser()


@pytest.fixture
def login_as(auth_app: RunningApp) -> LoginAs:
    """Signs a user in without a password, and gives a browser of theirs."""
    return auth_app.login_as


@pytest.fixture
def stopped_clock(auth_app: RunningApp) -> FrozenClock:
    """The app's clock, which stands still until the test winds it."""
    return auth_app.stop_clock()


@pytest.fixture(scope="session")
def auth_server(
    _auth_app_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The app, built and served by Reflex in a process of its own, with pages and all."""
    from authdemo.testing import serving

    own = tmp_path_factory.mktemp("auth_server")
    with serving(_auth_app_folder, {"AUTH_DATA_DIR": str(own)}, log=own / "log") as server:
        yield server


@contextmanager
def _prepared(folder: Path) -> Iterator[Path]:
    """Give the app a secret and a data folder of its own: tests touch no real sessions."""
    if not (folder / "rxconfig.py").is_file():
        raise pytest.UsageError(
            f"There is no rxconfig.py in {folder}. Run pytest in the app's folder, or name that in "
            "pytest's configuration: auth_app_folder."
        )
    with (
        tempfile.TemporaryDirectory(prefix="auth-tests-") as data,
        pytest.MonkeyPatch.context() as m,
    ):
        for name in filter(is_operators, list(os.environ)):
            m.delenv(name)
        m.setenv("AUTH_DATA_DIR", data)
        m.setenv("AUTH_SECRET", SECRET)
        m.setenv("REFLEX_BACKEND_ONLY", "true")
        m.setenv("REFLEX_STATES_WORKDIR", f"{data}/states")
        m.setenv("REFLEX_UPLOADED_FILES_DIR", f"{data}/uploads")
        m.setenv("REFLEX_TELEMETRY_ENABLED", "false")
        m.syspath_prepend(folder)
        m.chdir(folder)  # where Reflex looks for everything
        yield folder
