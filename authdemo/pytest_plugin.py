"""Fixtures for the tests of apps that have sessions; pytest finds them by itself.

pytest imports this module in every project, before the app under test, so it imports nothing else
until a fixture is asked for. An app is under test where pytest runs beside an `rxconfig.py`, or in
the folder that `auth_app_folder` names in pytest's configuration.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from authdemo.sessions import User
    from authdemo.testing import Browser, FrozenClock, RunningApp, Server
    from authdemo.testing.browser import ProviderEndpoints

SECRET = "a secret that everybody knows and only tests use"  # noqa: S105
OPERATORS = (
    "AUTH_COOKIE_PREFIX",
    "AUTH_EVENT_BYTES",
    "AUTH_EVENT_RATE",
    "AUTH_LOGIN_RATE",
    "AUTH_MAX_SOCKETS",
    "AUTH_REGISTER_RATE",
    "AUTH_SESSION_ABSOLUTE_AGE",
    "AUTH_SESSION_MAX_AGE",
    "AUTH_SESSION_UPDATE_AGE",
    "AUTH_SIGNING_KEYS",
    "AUTH_TRUSTED_PROXIES",
    "AUTH_UPDATE_RATE",
    "AUTH_URL",
    "DB_URL",
    "REFLEX_REDIS_URL",
)
_PROVIDERS = re.compile(r"AUTH_\w+_(ID|SECRET|ISSUER)")
"""How Auth.js spells what an operator says of a provider, whichever it is."""

_folder = pytest.StashKey[Path]()


class LoginAs(Protocol):
    """What the fixture `login_as` gives."""

    def __call__(
        self, user: User, *, at: ProviderEndpoints | None = None, browser: Browser | None = None
    ) -> Browser:
        """Sign a user in without a password; see `RunningApp.login_as`."""


def is_operators(name: str) -> bool:
    """Tell whether a variable is an operator's, which tests don't follow."""
    return name in OPERATORS or _PROVIDERS.fullmatch(name) is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the app's folder."""
    said = "the folder with the rxconfig.py of the app under test"
    parser.addini("auth_app_folder", said, default="")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Prepare for the app under test, before anything can import it."""
    named = early_config.getini("auth_app_folder")
    folder = early_config.rootpath / named if named else early_config.invocation_params.dir
    if (folder / "rxconfig.py").is_file():
        early_config.stash[_folder] = folder
        _prepare(early_config, folder)


@pytest.fixture(scope="session")
def _running_auth_app(pytestconfig: pytest.Config) -> Iterator[RunningApp]:
    from authdemo.testing import running_app

    with running_app(_app_folder(pytestconfig)) as app:
        yield app


@pytest.fixture
def auth_app(_running_auth_app: RunningApp) -> Iterator[RunningApp]:
    """The app, running in this process; nobody is signed in."""
    yield _running_auth_app
    _running_auth_app.reset()


@pytest.fixture
def auth_browser(auth_app: RunningApp) -> Browser:
    """A browser at the app, in which nobody is signed in."""
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
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """The app, built and served by Reflex in a process of its own, with pages and all."""
    from authdemo.testing import serving

    log = tmp_path_factory.mktemp("auth_server") / "log"
    with serving(_app_folder(pytestconfig), log=log) as server:
        yield server


def _prepare(config: pytest.Config, folder: Path) -> None:
    """Give the app a secret and a data folder of its own: tests touch no real sessions."""
    data = tempfile.TemporaryDirectory(prefix="auth-tests-")
    changes = pytest.MonkeyPatch()
    for name in filter(is_operators, list(os.environ)):
        changes.delenv(name)
    changes.setenv("AUTH_DATA_DIR", data.name)
    changes.setenv("AUTH_SECRET", SECRET)
    changes.setenv("REFLEX_BACKEND_ONLY", "true")
    changes.setenv("REFLEX_STATES_WORKDIR", f"{data.name}/states")
    changes.setenv("REFLEX_UPLOADED_FILES_DIR", f"{data.name}/uploads")
    changes.setenv("REFLEX_TELEMETRY_ENABLED", "false")
    changes.syspath_prepend(folder)
    changes.chdir(folder)  # where Reflex looks for everything
    config.add_cleanup(data.cleanup)
    config.add_cleanup(changes.undo)


def _app_folder(config: pytest.Config) -> Path:
    folder = config.stash.get(_folder, None)
    if folder is None:
        raise pytest.UsageError(
            f"There is no rxconfig.py in {config.invocation_params.dir}. Run pytest in the app's "
            "folder, or name that in pytest's configuration: auth_app_folder."
        )
    return folder
