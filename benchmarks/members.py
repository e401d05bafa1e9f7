"""Clients, and the scripts of what they do over HTTP."""

from __future__ import annotations

import itertools
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from authdemo.testing.browser import AS_CLIENT, CSRF, SESSION
from benchmarks.apps import BARE, NAME
from benchmarks.load import wire
from benchmarks.load.channel import Lines
from benchmarks.load.wire import Response, UnexpectedAnswer
from tests.support.browser import Browser
from tests.support.server import Server

SESSION_PATH = "/api/auth/session"
ANY = "any"
"""A password for the app of `benchmarks.apps.quick`, which doesn't look at it."""
TOKEN_LENGTH = 535
CSRF_LENGTH = 131
"""How long the values of a member's cookies are, within a few octets."""
LOOK_EVERY = 25
"""So many pages are taken as they come before one is unpacked and looked into."""

_AS_CHROMIUM = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/153.0.0.0 Safari/537.36",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Accept-Language": "en-US,en;q=0.9",
}
AS_FETCH = _AS_CHROMIUM | {
    "Accept": "*/*",
    "Sec-Fetch-Dest": "empty",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Site": "same-origin",
}
"""What Chromium says when a page's script asks for something."""
AS_NAVIGATION = _AS_CHROMIUM | {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
}
"""The headers that Chromium sends when a user enters a URL."""


@dataclass
class Member:
    """A client, and what its cookie jar holds.

    Attributes:
        host: The server, as the `Host` header names it.
        session: The session cookie's value; empty before sign-in.
        csrf: The CSRF cookie's value.
        name: The user's name, as far as the client knows.
    """

    host: str
    session: str = ""
    csrf: str = ""
    name: str = NAME

    @property
    def csrf_token(self) -> str:
        """The token that goes with the CSRF cookie: the part of it before the MAC."""
        return unquote(self.csrf).partition("|")[0]

    @property
    def cookies(self) -> str:
        """The cookies, as the `Cookie` header names them."""
        jar = {SESSION: self.session, CSRF: self.csrf}
        return "; ".join(f"{name}={value}" for name, value in jar.items() if value)

    @property
    def headers(self) -> dict[str, str]:
        """What every request of this client says, as a page's script sends it."""
        jar = {"Cookie": self.cookies} if self.cookies else {}
        return {"Host": self.host, **AS_FETCH, **jar}

    @property
    def post_headers(self) -> dict[str, str]:
        """What every POST says: the same, and which site it comes from."""
        return {**self.headers, "Origin": f"http://{self.host}"}

    @property
    def shown_name(self) -> bytes:
        """The name as JSON has it."""
        return f'"{self.name}"'.encode()

    def keep(self, answer: Response) -> None:
        """Keep the cookies that an answer sets."""
        if session := answer.cookie(SESSION.encode()):
            self.session = session.decode()
        if csrf := answer.cookie(CSRF.encode()):
            self.csrf = csrf.decode()


def anonymous(server: Server) -> Member:
    """Make a client that isn't signed in, and has a CSRF cookie."""
    browser = Browser(server)
    browser.csrf()
    return Member(server.host, csrf=str(browser.csrf_cookie))


def members(server: Server, count: int) -> list[Member]:
    """Sign clients in with their passwords, each to a session of its own.

    Args:
        server: The app.
        count: How many clients.

    Returns:
        The clients.
    """
    return [_signed_in(server) for _ in range(count)]


def _signed_in(server: Server) -> Member:
    browser = Browser(server)
    if browser.log_in().status_code != 200:
        raise UnexpectedAnswer("Nobody can sign in.")
    return Member(server.host, session=str(browser.token), csrf=str(browser.csrf_cookie))


def fetches_csrf(member: Member) -> Lines:
    """Fetch the CSRF cookie that goes with a session."""
    answer = yield wire.get("/api/auth/csrf", member.headers)
    answer.check(b"200", b"csrfToken")
    member.keep(answer)


def asks_bare(host: str) -> Lines:
    """Ask for the bare route, with headers and cookies as long as a member's."""
    anybody = Member(host, session="s" * TOKEN_LENGTH, csrf="c" * CSRF_LENGTH)
    request = wire.get(BARE, anybody.headers)
    text = f'"name":"{NAME}"'.encode()
    while True:
        answer = yield request
        answer.check(b"200", text)


def reads(member: Member) -> Lines:
    """Read the session."""
    request = wire.get(SESSION_PATH, member.headers)
    text = f'"name":"{member.name}"'.encode()
    while True:
        answer = yield request
        answer.check(b"200", text)


def updates(member: Member, wanted: Iterable[str] | None = None) -> Lines:
    """Update the session, each time with the newest cookie.

    Args:
        member: The client.
        wanted: The names to set one after the other; by default they never end.
    """
    for name in wanted or names():
        body = {"csrfToken": member.csrf_token, "data": {"name": name}}
        answer = yield wire.post_json(SESSION_PATH, member.post_headers, body)
        answer.check(b"200", f'"name":"{name}"'.encode())
        member.name = name
        member.keep(answer)


def loads_home(member: Member) -> Lines:
    """Load the home page as a browser does, and look for the name in the HTML."""
    request = wire.get("/", {**member.headers, **AS_NAVIGATION})
    text = f">{member.name}<".encode()
    for number in itertools.count():
        answer = yield request
        answer.check(b"200")
        if number % LOOK_EVERY == 0 and text not in base64url_decode(answer):
            raise UnexpectedAnswer(f"The page doesn't show {text!r}.")


def is_sent_to_login(host: str) -> Lines:
    """Ask for the home page as an anonymous browser does."""
    request = wire.get("/", {"Host": host, **AS_NAVIGATION})
    while True:
        answer = yield request
        answer.check(b"303")
        if answer.field(b"location") != b"/login?callbackUrl=/":
            raise UnexpectedAnswer(f"Not a redirect to the login: {answer.head!r}")


def base64url_decode(answer: Response) -> bytes:
    """Undo an answer's `Content-Encoding`.

    Args:
        answer: The answer.

    Returns:
        Its content.

    Raises:
        UnexpectedAnswer: If it is packed in a way that this client doesn't know.
    """
    encoding = answer.field(b"content-encoding")
    if encoding == b"gzip":
        return zlib.decompress(answer.body, zlib.MAX_WBITS | 16)
    if encoding:
        raise UnexpectedAnswer(f"A page packed by {encoding!r}.")
    return answer.body


@dataclass
class Comings:
    """Clients that sign in, and those that are ready to sign out.

    Attributes:
        visitor: A client that isn't signed in; each sign-in begins where it stands.
        password: Everybody's password.
        present: Who has signed in and not out yet.
    """

    visitor: Member
    password: str = ANY
    present: deque[Member] = field(default_factory=deque)

    def sign_in(self, wanted: Iterable[str]) -> Lines:
        """Sign in, as one user after the other."""
        for user in wanted:
            form = {"csrfToken": self.visitor.csrf_token, "id": user, "password": self.password}
            headers = {**self.visitor.post_headers, **AS_CLIENT}
            answer = yield wire.post_form("/api/auth/callback/credentials", headers, form)
            answer.check(b"200", b'"url"')
            self.arrive(answer)

    def sign_out(self) -> Lines:
        """Sign out, one client after the other until nobody is left."""
        while self.present:
            member = self.present.popleft()
            form = {"csrfToken": member.csrf_token}
            answer = yield wire.post_form(
                "/api/auth/signout", {**member.post_headers, **AS_CLIENT}, form
            )
            answer.check(b"200", b'"url"')
            if b"Max-Age=0" not in answer.head:
                raise UnexpectedAnswer("A sign-out leaves the cookie.")

    def redeem(self, tickets: deque[str]) -> Lines:
        """Exchange tickets for sessions, until none is left."""
        while tickets:
            body = {"csrfToken": self.visitor.csrf_token, "ticket": tickets.popleft()}
            answer = yield wire.post_json("/api/auth/ticket", self.visitor.post_headers, body)
            answer.check(b"200", b'"url"')
            self.arrive(answer)

    def arrive(self, answer: Response) -> None:
        """Take in the client that an answer signs in."""
        member = Member(self.visitor.host)
        member.keep(answer)
        if not member.session:
            raise UnexpectedAnswer("A sign-in without a cookie.")
        self.present.append(member)


def names(count: int | None = None) -> Iterator[str]:
    """Make names for users, so many or without end, each another."""
    return (f"Name {number}" for number in itertools.islice(_numbers, count))


def users(count: int | None = None) -> Iterator[str]:
    """Make ids for users, so many or without end, each another."""
    return (f"user-{number}" for number in itertools.islice(_numbers, count))


_numbers = itertools.count()
