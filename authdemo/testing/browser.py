"""A browser as far as HTTP goes: it keeps cookies, and sends forms and JSON."""

from __future__ import annotations

import atexit
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol, Self

import httpx

from authdemo.sessions.http.cookies import CookieNames

SESSION = CookieNames.of("http://").session
CSRF = CookieNames.of("http://").csrf
AS_CLIENT = {"X-Auth-Return-Redirect": "1"}
"""The header by which Auth.js's client asks for JSON instead of a redirect."""

_PATIENCE = 20
_without_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
_http = httpx.Client(cookies=_without_cookies, timeout=_PATIENCE)
atexit.register(_http.close)


class Site(Protocol):
    """Where an app is served."""

    @property
    def url(self) -> str:
        """Its address, like `http://127.0.0.1:3000`."""


class Browser:
    """Keeps the cookies that it gets, and nothing else.

    Attributes:
        server: Where it goes.
        cookies: What it keeps, by name.
    """

    def __init__(self, server: Site, *, session: str = SESSION, csrf: str = CSRF) -> None:
        """Open a new browser.

        Args:
            server: Where it goes.
            session: The name of the session cookie there; it has a prefix over https.
            csrf: The name of the CSRF cookie there.
        """
        self.server = server
        self.cookies: dict[str, str] = {}
        self._session_name, self._csrf_name = session, csrf

    @property
    def token(self) -> str | None:
        """The session cookie."""
        return self.cookies.get(self._session_name)

    @token.setter
    def token(self, value: str) -> None:
        self.cookies[self._session_name] = value

    @property
    def csrf_cookie(self) -> str | None:
        """The CSRF cookie."""
        return self.cookies.get(self._csrf_name)

    def cookie_header(self) -> str:
        """The cookies as one header."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask for a path exactly as it is spelled, and keep the answer's cookies.

        Args:
            method: Like `GET`.
            path: With its query.
            **options: More for httpx, such as `json`, `data` and `headers`.

        Returns:
            The answer; redirects are not followed.
        """
        headers = dict(options.pop("headers", {}))
        if self.cookies and "Cookie" not in headers:
            headers["Cookie"] = self.cookie_header()
        target = {"target": path.encode("latin-1")}
        answer = _http.request(
            method, self.server.url, headers=headers, extensions=target, **options
        )
        self.keep(answer.headers.get_list("set-cookie"))
        return answer

    def keep(self, headers: list[str]) -> None:
        """Keep the cookies that an answer sets, and drop those that it takes back."""
        for name, value, attributes in map(_cookie, headers):
            if "Max-Age=0" in attributes:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send a GET request; see `request`."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST request; see `request`."""
        return self.request("POST", path, **options)

    def csrf(self) -> str:
        """Fetch a CSRF token."""
        return str(self.get("/api/auth/csrf").json()["csrfToken"])

    def session(self) -> Any:
        """Read the session as Auth.js's client does.

        Returns:
            `user`, `expires` and `rev`, and what callbacks added; None if anonymous.

        Raises:
            HTTPStatusError: If the server can't say.
        """
        return self.get("/api/auth/session").raise_for_status().json()

    def log_in(self, *, provider: str = "credentials", **fields: Any) -> httpx.Response:
        """Send the login form as Auth.js's client does.

        Args:
            provider: The provider's id.
            **fields: What it holds, such as `id` and `password`; `headers` are sent as such.

        Returns:
            The answer: 200 with the session's cookie, or 401.
        """
        headers = fields.pop("headers", AS_CLIENT)
        form = {"csrfToken": self.csrf(), **fields}
        return self.post(f"/api/auth/callback/{provider}", data=form, headers=headers)

    def update(self, data: Any, **options: Any) -> httpx.Response:
        """Update the session as Auth.js's client does.

        Args:
            data: The fields to change.
            **options: More for httpx.

        Returns:
            The answer: 200 with the session, or 422 with the `field` that is to blame.
        """
        body = {"csrfToken": self.csrf(), "data": data}
        return self.post("/api/auth/session", json=body, **options)

    def log_out(self, **fields: Any) -> httpx.Response:
        """Sign out as Auth.js's client does; `fields` are sent along."""
        form = {"csrfToken": self.csrf(), **fields}
        return self.post("/api/auth/signout", data=form, headers=AS_CLIENT)

    def sessions(self) -> list[dict[str, Any]]:
        """List the user's sessions."""
        listed: list[dict[str, Any]] = self.get("/api/auth/sessions").json()
        return listed

    def revoke(self, **chosen: Any) -> httpx.Response:
        """Revoke some sessions: by `id="..."`, `others=True` or `all=True`."""
        return self.post("/api/auth/sessions/revoke", json={"csrfToken": self.csrf(), **chosen})

    def copy(self) -> Self:
        """Steal all the cookies."""
        other = type(self)(self.server, session=self._session_name, csrf=self._csrf_name)
        other.cookies = dict(self.cookies)
        return other


def set_cookies(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """List the cookies that an answer sets: name, value, attributes as written."""
    return [_cookie(header) for header in answer.headers.get_list("set-cookie")]


def _cookie(header: str) -> tuple[str, str, str]:
    pair, _, attributes = header.partition("; ")
    name, _, value = pair.partition("=")
    return name, value, attributes
