"""A browser as far as HTTP goes: it keeps cookies, and sends forms and JSON."""

from __future__ import annotations

from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from tests.support.server import Server

SESSION = "authjs.session-token"
CSRF = "authjs.csrf-token"
AS_CLIENT = {"X-Auth-Return-Redirect": "1"}
ALONE = {"Connection": "close"}
"""For bodies that the server stops reading: it closes the connection then."""
PASSWORD = "tutorial"

_without_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
_http = httpx.Client(cookies=_without_cookies, timeout=20)


class Browser:
    """Keeps the cookies that it gets, and nothing else.

    Attributes:
        cookies: What it keeps, by name.
    """

    def __init__(self, server: Server, *, session: str = SESSION, csrf: str = CSRF) -> None:
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
        """Ask for a path exactly as it is spelled, and keep the answer's cookies."""
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
        """Send a GET request."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send a POST request."""
        return self.request("POST", path, **options)

    def csrf(self) -> str:
        """Fetch a CSRF token."""
        return str(self.get("/api/auth/csrf").json()["csrfToken"])

    def session(self) -> Any:
        """Read the session."""
        answer = self.get("/api/auth/session")
        assert answer.status_code == 200
        return answer.json()

    def log_in(
        self, account: str = "john_doe", password: str = PASSWORD, **fields: Any
    ) -> httpx.Response:
        """Send the login form as Auth.js's client does."""
        headers = fields.pop("headers", AS_CLIENT)
        form = {"csrfToken": self.csrf(), "id": account, "password": password, **fields}
        return self.post("/api/auth/callback/credentials", data=form, headers=headers)

    def update(self, data: Any, **options: Any) -> httpx.Response:
        """Update the session as Auth.js's client does."""
        body = {"csrfToken": self.csrf(), "data": data}
        return self.post("/api/auth/session", json=body, **options)

    def log_out(self, **fields: Any) -> httpx.Response:
        """Sign out as Auth.js's client does."""
        form = {"csrfToken": self.csrf(), **fields}
        return self.post("/api/auth/signout", data=form, headers=AS_CLIENT)

    def sessions(self) -> list[dict[str, Any]]:
        """List the user's sessions."""
        listed: list[dict[str, Any]] = self.get("/api/auth/sessions").json()
        return listed

    def revoke(self, **chosen: Any) -> httpx.Response:
        """Revoke some sessions."""
        return self.post("/api/auth/sessions/revoke", json={"csrfToken": self.csrf(), **chosen})

    def copy(self) -> Browser:
        """Steal all the cookies."""
        other = Browser(self.server, session=self._session_name, csrf=self._csrf_name)
        other.cookies = dict(self.cookies)
        return other


def set_cookies(answer: httpx.Response) -> list[tuple[str, str, str]]:
    """List the cookies that an answer sets: name, value, attributes as written."""
    return [_cookie(header) for header in answer.headers.get_list("set-cookie")]


def _cookie(header: str) -> tuple[str, str, str]:
    pair, _, attributes = header.partition("; ")
    name, _, value = pair.partition("=")
    return name, value, attributes
