"""An app that runs whole in the process of its tests, and starts in a second.

Its API, its event handlers, its sockets and the guards in front of its pages are the real ones.
Only the pages themselves are blank, since building them takes half a minute: `serving` does.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import reflex as rx

from authdemo.forgery import RealToken
from authdemo.sessions import Account, Auth, User
from authdemo.sessions.http.cookies import names_of
from authdemo.sessions.http.csrf import Csrf
from authdemo.sessions.reflex.compat import SERVE_BUILT_PAGES, get_and_validate_app, get_config
from authdemo.sessions.stores.sqlite import add_session

from .browser import Browser, Site
from .server import Server
from .thread import BlankPages, FrozenClock, Thread

T = TypeVar("T")


class RunningApp:
    """An app in this process.

    Attributes:
        auth: Its sessions.
        url: Where it listens.
    """

    def __init__(self, app: rx.App, auth: Auth, thread: Thread) -> None:
        """Take an app that is being served.

        Args:
            app: The app.
            auth: Its sessions.
            thread: The thread that serves it.
        """
        self.auth = auth
        self.url = thread.url
        self._app = app
        self._clock = auth.engine.clock.source
        self._thread = thread

    def browser(self) -> Browser:
        """Open a new browser."""
        return Browser(self)

    def login_as(
        self, user: User, *, at: Site | None = None, browser: Browser | None = None
    ) -> Browser:
        """Sign a user in without a password, by the app's own secret and store.

        The `sign_in` callback is not asked, and no failure counts; else it is a session
        like any other, callbacks and events included.

        Args:
            user: Who.
            at: Where the browser goes; a `Server` needs the same secret, and gets the session
                into its data folder.
            browser: One that is there already; its tabs stay its own, as after a real sign-in.

        Returns:
            A browser in which they are signed in.
        """
        at = at or self
        provider = next(iter(self.auth.providers.values()))
        account = Account(provider.id, provider.type)
        record = self.run(self.auth.engine.sessions.begin(user, account))
        if isinstance(at, Server) and at.data:
            add_session(at.data / "sessions.db", record)
        settings = self.auth.engine.settings
        names = names_of(self.auth.engine, settings.url or at.url)
        browser = browser or Browser(at, session=names.session, csrf=names.csrf)
        if browser.csrf_cookie is not None:
            csrf = Csrf(settings.keys)
            before = csrf.find([browser.csrf_cookie], "") or ""
            browser.cookies[names.csrf] = csrf.issue(record.id, browser=before)[1]
        browser.token = self.auth.engine.sessions.serializers.issue_token(record)
        return browser

    def real_token(self, browser: Browser) -> RealToken:
        """Take a browser's token, to forge others after it; see `FORGERIES`.

        Args:
            browser: A browser in which a user is signed in.

        Returns:
            The token, and the key that signed it.

        Raises:
            ValueError: If it is anonymous.
        """
        if browser.token is None:
            raise ValueError("Nobody is signed in in this browser.")
        return RealToken(browser.token, self.auth.engine.settings.keys.signer)

    def stop_clock(self) -> FrozenClock:
        """Stop the app's clock at this moment, until `reset`.

        When the test moves it, open tabs are looked at again: the time has passed for them, too.

        Returns:
            The clock.
        """
        clock = FrozenClock(time.time(), moved=lambda: self.run(self._look_again()))
        self.auth.engine.clock.source = clock
        return clock

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something where the app runs, as its background tasks do.

        Args:
            work: Like `auth.update_user("ada", name="Countess")`.

        Returns:
            What it returns.
        """
        return self._thread.run(self._in_context(work))

    def reset(self) -> None:
        """End all sessions and forget all failures, and let the clock go on."""
        self.auth.engine.clock.source = self._clock
        self.run(self.auth.engine.sessions.store.sweep(float("inf")))

    async def _in_context(self, work: Coroutine[Any, Any, T]) -> T:
        with self._app.set_contexts():
            return await work

    async def _look_again(self) -> None:
        self.auth.engine.installation.catch_up()


@contextlib.contextmanager
def running_app(folder: Path) -> Iterator[RunningApp]:
    """Run an app in this process; there can be one only.

    Args:
        folder: The app's folder, with its `rxconfig.py`.

    Yields:
        The app.

    Raises:
        ConfigurationError: If the app has no sessions.
        RuntimeError: If it doesn't start.
    """
    with tempfile.TemporaryDirectory() as scratch, _reflex_without_build(Path(scratch)):
        with contextlib.chdir(folder):
            app = get_and_validate_app().app
            config = get_config()
            config.plugins = [BlankPages(), *config.plugins]
            served = app()
        auth = Auth.installed()
        with Thread(served) as thread:
            yield RunningApp(app, auth, thread)


@contextlib.contextmanager
def _reflex_without_build(scratch: Path) -> Iterator[None]:
    """Have Reflex build nothing, and serve the pages that it finds elsewhere."""
    variables = {
        **SERVE_BUILT_PAGES,
        "REFLEX_WEB_WORKDIR": str(scratch),
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
