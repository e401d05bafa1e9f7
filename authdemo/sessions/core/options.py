"""Options of an app: its pages, how long sessions live, and its cookies."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from .arguments import shown
from .errors import ConfigurationError

DAY = 86_400
MAX_LIFETIME = 400 * DAY
"""Browsers keep no cookie for longer (RFC 6265bis, section 5.5)."""

_ROUTE = re.compile(r"/?(?!/)[^\s?#\\:]*")
_PATH = re.compile(r"/(?!/)[^\s?#\\\[\]]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """The app's own pages (Auth.js: `pages`).

    Attributes:
        sign_in: The path of the page with the sign-in form.
        confirm: The path of the page that asks a member for the password again.
        code: The path of the page that asks for the code of a second factor during a sign-in.
        protected: The paths that only signed-in visitors get; `protected` marks pages too.

    Raises:
        ConfigurationError: If one can't be the path of a page.
    """

    sign_in: str = "/login"
    confirm: str = "/confirm"
    code: str = "/code"
    protected: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in ("sign_in", "confirm", "code"):
            path = getattr(self, name)
            if not (isinstance(path, str) and _PATH.fullmatch(path)):
                takes = 'takes the path of a page of the app, like "/login"'
                raise ConfigurationError(f"Pages({name}=...) {takes}, not {shown(path)}.")
        takes = 'Pages(protected=...) takes a set of paths, like frozenset({"/vault"})'
        routes: object = self.protected
        if isinstance(routes, str) or not isinstance(routes, Collection):
            raise ConfigurationError(f"{takes}, not {shown(routes)}.")
        for route in routes:
            if not (isinstance(route, str) and _ROUTE.fullmatch(route)):
                raise ConfigurationError(f"{takes}; {shown(route)} is no path of the app.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How long sessions live (Auth.js: `session`).

    Attributes:
        max_age: Seconds from the last renewal.
        update_age: Seconds from the last renewal after which a read or an event renews a session
            again. What a client or an event handler changes in it always does; `auth.refresh`
            and `auth.update_user` never do.
        absolute_age: Seconds from sign-in, however much the session is used.
        browser_age: Seconds from the last renewal, at most `max_age`, where the user didn't choose
            to be remembered: then the cookie ends with the browser.
        max_sessions_per_user: How many sessions a user can have; one more ends the oldest.
            None for any number.

    Raises:
        ConfigurationError: If one is out of range.
    """

    max_age: int = 30 * DAY
    update_age: int = DAY
    absolute_age: int = 90 * DAY
    browser_age: int = DAY
    max_sessions_per_user: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_age", "update_age", "absolute_age", "browser_age"):
            age, minimum = getattr(self, name), int(name != "update_age")
            if not (_is_whole(age) and minimum <= age <= MAX_LIFETIME):
                raise ConfigurationError(
                    f"SessionOptions({name}=...) takes a whole number of seconds from {minimum} to "
                    f"{MAX_LIFETIME}, not {shown(age)}."
                )
        maximum = self.max_sessions_per_user
        if maximum is not None and not (_is_whole(maximum) and maximum >= 1):
            raise ConfigurationError(
                "SessionOptions(max_sessions_per_user=...) takes a whole number from 1, or None "
                f"for no limit, not {shown(maximum)}."
            )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_COOKIE_NAME = re.compile(r"(?:__Secure-|__Host-)?(?!__)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_NAMED = ("session_token", "csrf_token", "callback_url", "state")
_DOMAIN_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"{_DOMAIN_LABEL}(?:\.{_DOMAIN_LABEL})+")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CookieOptions:
    """Attributes and names of the cookies (Auth.js: `cookies`).

    The defaults are the safe choice for an app with a host of its own. Without https, as in
    development, cookies are `Lax`, not partitioned, without domain and without prefix.

    Attributes:
        same_site: `"lax"`; `"strict"`, if a visitor who follows a link from another site is to
            arrive signed out; or `"none"`, if the app is in a frame of another site: then a
            request from any site brings the cookies.
        partitioned: Whether a browser keeps cookies of their own for each site that embeds the
            app, as browsers without cookies of third parties require.
        domain: The domain whose hosts all get the session cookie, and can set one.
        session_token: The session cookie's name; by default it begins with `AUTH_COOKIE_PREFIX`.
        csrf_token: The name of the cookie with the CSRF token.
        callback_url: The name of the cookie with the last callback URL.
        state: The name of the cookie of a sign-in at a provider.

    Raises:
        ConfigurationError: If a browser would reject such cookies.
    """

    same_site: Literal["lax", "strict", "none"] = "lax"
    partitioned: bool = False
    domain: str | None = None
    session_token: str | None = None
    csrf_token: str | None = None
    callback_url: str | None = None
    state: str | None = None

    def __post_init__(self) -> None:
        if self.same_site not in ("lax", "strict", "none"):
            raise ConfigurationError(
                'CookieOptions(same_site=...) takes "lax", "strict" or "none", not '
                f"{shown(self.same_site)}."
            )
        self._check_names()
        if self.partitioned and self.same_site != "none":
            raise ConfigurationError(
                'CookieOptions(partitioned=True) needs same_site="none": a frame of another site '
                "gets no other cookies."
            )
        if self.domain is not None:
            self._check_domain()

    def _check_names(self) -> None:
        for option, name in self.names.items():
            if not (isinstance(name, str) and _COOKIE_NAME.fullmatch(name)):
                raise ConfigurationError(
                    f"CookieOptions({option}=...) takes the name of a cookie, not {shown(name)}."
                )
        if len(set(self.names.values())) < len(self.names):
            raise ConfigurationError("CookieOptions(...): two cookies have the same name.")

    def _check_domain(self) -> None:
        if not (isinstance(self.domain, str) and _DOMAIN.fullmatch(self.domain)):
            raise ConfigurationError(
                'CookieOptions(domain=...) takes a domain like "example.org", not '
                f"{shown(self.domain)}."
            )
        if (self.session_token or "").startswith("__Host-"):
            raise ConfigurationError(
                "CookieOptions(domain=...): browsers reject a cookie with a Domain whose name "
                f"begins with __Host-. Rename {self.session_token!r}, or leave the domain out."
            )

    @property
    def names(self) -> Mapping[str, str]:
        """The names that are given, by option."""
        named = ((option, getattr(self, option)) for option in _NAMED)
        return {option: name for option, name in named if name is not None}

    def check(self, url: str | None) -> None:
        host = urlsplit(url or "").hostname or ""
        if url and self.domain and not f".{host}".endswith(f".{self.domain}"):
            raise ConfigurationError(
                f"CookieOptions(domain={self.domain!r}): browsers reject it for the host {host!r} "
                "of AUTH_URL. It takes that host or a domain above it."
            )

    def check_https(self, url: str | None) -> None:
        """Check that the app has https if the options need that."""
        needs = {"same_site": self.same_site == "none", "partitioned": self.partitioned} | {
            option: name.startswith("__") for option, name in self.names.items()
        }
        option = next((name for name, is_needed in needs.items() if is_needed), None)
        if option and not (url or "").startswith("https:"):
            raise ConfigurationError(
                f"CookieOptions({option}={getattr(self, option)!r}) needs https: browsers reject "
                "such a cookie otherwise. Set AUTH_URL=https://..."
            )
