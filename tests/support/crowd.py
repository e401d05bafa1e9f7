"""Many clients at once, and whether the server keeps the word that it gave them."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx

from authdemo.sessions.core.record import MAX_HISTORY
from tests.support.browser import Browser
from tests.support.server import Server

ACCOUNTS = ("john_doe", "jane_admin")
UPDATES_OF_A_LIFE = 8


class Life:
    """A session from its sign-in to its end, as far as the server acknowledged it.

    Attributes:
        browser: Where it is signed in.
        names: The name at each revision that was acknowledged.
    """

    def __init__(self, server: Server, account: str = ACCOUNTS[0]) -> None:
        self.browser = Browser(server)
        self.names: dict[int, str] = {}
        self._is_ending = self._has_ended = False
        assert self.browser.log_in(account).status_code == 200

    def rename(self, name: str, **options: Any) -> int:
        """Update the name, and return the answer's status."""
        answer = self.browser.copy().update({"name": name}, **options)
        if answer.status_code == 200:
            self.names[answer.json()["rev"]] = name
        return answer.status_code

    def end(self, how: str) -> None:
        """Sign out, or revoke the session from its own list."""
        browser = self.browser.copy()
        self._is_ending = True
        answer = browser.log_out() if how == "sign-out" else _revoke_own(browser)
        self._has_ended = answer.status_code == 200

    def is_kept(self, server: Server) -> None:
        """Check that a server, the same or a later one, knows what was acknowledged."""
        reader = self.browser.copy()
        reader.server = server
        session = reader.session()
        if session is None or self._has_ended:
            assert session is None, "a session that was ended came back"
            assert self._is_ending, "a session was lost"
            return
        history = reader.get("/api/auth/token").json()["history"]
        found = {step["rev"]: step["changes"]["name"]["new"] for step in history}
        assert found[session["rev"]] == session["user"]["name"]
        for rev, name in self.names.items():
            assert rev <= session["rev"] - MAX_HISTORY or found.get(rev) == name, "lost"


class Crowd:
    """Clients that sign in, update and sign out again, and two that share a session.

    Attributes:
        lives: Their sessions so far.
        shared: The session of the two.
    """

    def __init__(self, server: Server, *, loners: int = 4, **options: Any) -> None:
        self._server = server
        self._options = options
        self._numbers = itertools.count()
        self._has_ended = threading.Event()
        self._pool = ThreadPoolExecutor(loners + 2)
        self._clients: list[Future[None]] = []
        self._loners = loners
        self.shared = Life(server)
        self.lives = [self.shared]

    def __enter__(self) -> Self:
        loners = [self._pool.submit(self._live, number) for number in range(self._loners)]
        self._clients = [*loners, *(self._pool.submit(self._share) for _ in range(2))]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._has_ended.set()
        self._pool.shutdown()
        for client in self._clients:
            client.result()

    @property
    def acknowledged(self) -> int:
        """How many updates were acknowledged so far."""
        return sum(len(life.names) for life in tuple(self.lives))

    def _live(self, number: int) -> None:
        while not self._has_ended.is_set():
            with suppress(httpx.TransportError):
                life = Life(self._server, ACCOUNTS[number % 2])
                self.lives.append(life)
                for _ in range(UPDATES_OF_A_LIFE):
                    self._rename(life)
                life.end("sign-out" if number % 2 else "revocation")

    def _share(self) -> None:
        while not self._has_ended.is_set():
            with suppress(httpx.TransportError):
                self._rename(self.shared)

    def _rename(self, life: Life) -> None:
        assert life.rename(f"Name {next(self._numbers)}", **self._options) == 200


def update_two_fields_at_once(browser: Browser, updates: int, **options: Any) -> None:
    """Update the name and the image from twenty clients that share a cookie; none may be lost."""
    patches = [_patch(number) for number in range(updates)]
    before, json = browser.session()["rev"], {"csrfToken": browser.csrf()}

    def update(data: dict[str, str]) -> int:
        body = {**json, "data": data}
        answer = browser.copy().post("/api/auth/session", json=body, **options)
        assert answer.status_code == 200
        return int(answer.json()["rev"])

    with ThreadPoolExecutor(20) as pool:
        revs = dict(zip(pool.map(update, patches), patches, strict=True))
    after = browser.session()
    assert sorted(revs) == list(range(before + 1, before + updates + 1))
    assert after["rev"] == before + updates
    last = {field: value for rev in sorted(revs) for field, value in revs[rev].items()}
    assert after["user"].items() >= last.items()


def _patch(number: int) -> dict[str, str]:
    if number % 2:
        return {"name": f"Name {number}"}
    return {"image": f"https://example.com/{number}.png"}


def _revoke_own(browser: Browser) -> httpx.Response:
    own = next(session["id"] for session in browser.sessions() if session["current"])
    return browser.revoke(id=own)
