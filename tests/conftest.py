"""What holds for all tests."""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from authdemo.testing.thread import TIMEOUT
from tests.support import kinds, seeded, shared
from tests.support.browser import Browser
from tests.support.postgresql import PostgreSQL
from tests.support.redis import Redis
from tests.support.server import Server, running

# The same examples on every run, however busy the machine. To search for new ones:
# pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=5000)
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("soak", settings.get_profile("tests"), max_examples=400)
settings.load_profile("tests")

# Pages are waited for as patiently as everything else.
expect.set_options(timeout=TIMEOUT * 1000)


def pytest_configure() -> None:
    """Make the folder that the workers share before they start."""
    shared.folder()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark tests by what they start."""
    kinds.mark(items)
    if hasattr(config, "workerinput"):
        kinds.sort(items)


def pytest_collection_finish() -> None:
    """Leave the collected tests, a large heap, out of every search for garbage."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Share the tests out among the workers of `pytest -n`, in their order."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


class Scheduling(LoadScopeScheduling):
    """Keeps tests together that share what is dear."""

    def _split_scope(self, nodeid: str) -> str:
        return kinds.group(nodeid)


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an `async def test_…` in an event loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, started once for all tests."""
    with running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(autouse=True)
def seeds(request: pytest.FixtureRequest) -> None:
    """The demo's users as they are at first, on a server that tests share."""
    for name in {"server", "app"}.intersection(request.fixturenames):
        found = request.getfixturevalue(name)
        if isinstance(found, Server):
            seeded.restore(found)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    """A Redis, started once for all tests that leave it running."""
    with Redis(tmp_path_factory.mktemp("redis")) as redis:
        yield redis


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL, started once for all tests that leave it running."""
    with PostgreSQL() as postgresql:
        yield postgresql


@pytest.fixture
def browser(server: Server) -> Browser:
    """A browser that nobody has used yet."""
    return Browser(server)


@pytest.fixture
def other_browser(server: Server) -> Browser:
    """Another user's browser."""
    return Browser(server)


@pytest.fixture
def john(browser: Browser) -> Browser:
    """A browser in which john_doe is signed in."""
    browser.log_in()
    return browser


@pytest.fixture
def jane(other_browser: Browser) -> Browser:
    """Another browser, in which jane_admin is signed in."""
    other_browser.log_in("jane_admin")
    return other_browser
