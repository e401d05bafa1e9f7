"""Cookies: names, attributes and parsing.

Names are Auth.js's; over https they have the prefixes of RFC 6265bis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from starlette.types import Scope

from ..core.options import CookieOptions
from ..engine import Engine
from .router import RawHeaders

PREFIX = "authjs"
"""The first part of the names, unless `AUTH_COOKIE_PREFIX` is set."""

MAX_VALUE = 4000
"""Browsers keep 4096 bytes, name and attributes included (RFC 6265, section 6.1)."""

_MAX_CANDIDATES = 4
_MAX_CACHED = 16_384
_MAX_CACHED_LENGTH = 2048


DEFAULT = CookieOptions()
_PREFIXES = ("__Secure-", "__Host-")


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of an app's cookies, and their attributes."""

    session: str
    csrf: str
    callback_url: str
    state: str
    actor: str
    challenge: str
    remembered: str
    secure: bool
    options: CookieOptions = DEFAULT

    @classmethod
    @lru_cache
    def of(
        cls, base_url: str, prefix: str = PREFIX, options: CookieOptions = DEFAULT
    ) -> CookieNames:
        secure = base_url.startswith("https:")
        site, host = _PREFIXES if secure else ("", "")

        def named(own: str | None, default: str) -> str:
            return default if own is None else own if secure else _without_prefix(own)

        return cls(
            named(options.session_token, f"{site}{prefix}.session-token"),
            named(options.csrf_token, f"{host}{prefix}.csrf-token"),
            named(options.callback_url, f"{site}{prefix}.callback-url"),
            named(options.state, f"{host}{prefix}.state"),
            named(None, f"{host}{prefix}.actor"),
            f"{host}{prefix}.challenge",
            f"{host}{prefix}.remembered",
            secure=secure,
            options=options,
        )

    def put(
        self, headers: RawHeaders, name: str, value: str, *, max_age: int | None = None
    ) -> None:
        parts = [f"{name}={value}", *self.attributes(name, max_age)]
        headers.append((b"set-cookie", "; ".join(parts).encode("latin-1")))

    def clear(self, headers: RawHeaders, name: str) -> None:
        """Delete a cookie; its attributes have to be the same."""
        self.put(headers, name, "", max_age=0)

    def attributes(self, name: str, max_age: int | None = None) -> list[str]:
        """List the attributes of a cookie (RFC 6265, section 4.1).

        Only the session cookie is shared with other hosts, and only it is strict: the others have
        to return with the visitor from a provider.
        """
        age = [] if max_age is None else [f"Max-Age={max_age}"]
        if not self.secure:
            return [*age, "Path=/", "HttpOnly", "SameSite=Lax"]
        options, is_session = self.options, name == self.session
        domain = [f"Domain={options.domain}"] if is_session and options.domain else []
        same_site = options.same_site if is_session or options.same_site == "none" else "lax"
        partitioned = ["Partitioned"] if options.partitioned else []
        always = ["Path=/", "HttpOnly", "Secure", f"SameSite={same_site.title()}"]
        return [*age, *domain, *always, *partitioned]


def _without_prefix(name: str) -> str:
    return name.removeprefix(_PREFIXES[0]).removeprefix(_PREFIXES[1])


def names_of(engine: Engine, base_url: str) -> CookieNames:
    return CookieNames.of(base_url, engine.settings.cookie_prefix, engine.cookies)


def own_names(engine: Engine) -> frozenset[str]:
    """List the names of an app's cookies, with and without https."""
    return frozenset(
        name
        for names in (names_of(engine, "http:"), names_of(engine, "https:"))
        for name in (
            names.session,
            names.csrf,
            names.callback_url,
            names.state,
            names.actor,
            names.challenge,
            names.remembered,
        )
    )


def by_name(scope: Scope) -> Mapping[str, list[str]]:
    """Parse all cookies, by name.

    An attacker with a neighbouring host can plant a second cookie of the same name, and no order
    is guaranteed (RFC 6265, section 4.2.2), so all of them are candidates.
    """
    sent = _sent(scope)
    return _cached_by_name(sent) if len(sent) <= _MAX_CACHED_LENGTH else _by_name(sent)


def without(scope: Scope, names: Iterable[str]) -> Scope:
    hidden = frozenset(names)
    kept = "; ".join(
        f"{name}={value}" for name, value in _pairs(_sent(scope)) if name not in hidden
    )
    headers = [(header, value) for header, value in scope["headers"] if header != b"cookie"]
    if kept:
        headers.append((b"cookie", kept.encode("latin-1")))
    return {**scope, "headers": headers}


def _sent(scope: Scope) -> bytes:
    """Join the cookies of all headers (RFC 9113, section 8.2.3)."""
    return b"; ".join([value for header, value in scope["headers"] if header == b"cookie"])


def _pairs(sent: bytes) -> list[tuple[str, str]]:
    found = []
    for part in sent.decode("latin-1").split(";") if sent else ():
        name, _, text = part.strip().partition("=")
        found.append((name, text))
    return found


def _by_name(sent: bytes) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in _pairs(sent):
        values = found.setdefault(name, [])
        if len(values) < _MAX_CANDIDATES:
            values.append(value)
    return found


_cached_by_name = lru_cache(_MAX_CACHED)(_by_name)
