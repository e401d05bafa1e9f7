"""Settings: environment variables, options of an app, public origin and secret."""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from .arguments import shown
from .errors import ConfigurationError
from .keys import MIN_SECRET_BYTES, KeyPair, KeyRing, read_pair

DAY = 86_400
LONGEST_LIFE = 400 * DAY
"""Browsers keep no cookie for longer (RFC 6265bis, section 5.5)."""

_ROUTE = re.compile(r"/?(?!/)[^\s?#\\:]*")
_PATH = re.compile(r"/(?!/)[^\s?#\\\[\]]*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """The app's own pages (Auth.js: `pages`).

    Attributes:
        sign_in: The path of the page with the sign-in form.
        confirm: The path of the page that asks a member for the password again.
        protected: The paths that only signed-in visitors get; `protected` marks pages too.

    Raises:
        ConfigurationError: If one can't be the path of a page.
    """

    sign_in: str = "/login"
    confirm: str = "/confirm"
    protected: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Check that these can be pages of the app."""
        _check_path("sign_in", self.sign_in, "/login")
        _check_path("confirm", self.confirm, "/confirm")
        _check_routes(self.protected)


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionOptions:
    """How long sessions live (Auth.js: `session`).

    Attributes:
        max_age: Seconds from the last renewal.
        update_age: Seconds from the last renewal after which a read or an event renews a session
            again. What a client or an event handler changes in it always does; `auth.refresh`
            and `auth.update_user` never do.
        absolute_age: Seconds from sign-in, however much the session is used.
        max_sessions_per_user: How many sessions a user can have; one more ends the oldest.
            None for any number.

    Raises:
        ConfigurationError: If a session could not live like that.
    """

    max_age: int = 30 * DAY
    update_age: int = DAY
    absolute_age: int = 90 * DAY
    max_sessions_per_user: int | None = None

    def __post_init__(self) -> None:
        """Check that a session can live like that."""
        for name, least in (("max_age", 1), ("update_age", 0), ("absolute_age", 1)):
            age = getattr(self, name)
            if not (_is_whole(age) and least <= age <= LONGEST_LIFE):
                raise ConfigurationError(
                    f"SessionOptions({name}=...) takes a whole number of seconds from {least} to "
                    f"{LONGEST_LIFE}, not {shown(age)}."
                )
        most = self.max_sessions_per_user
        if most is not None and not (_is_whole(most) and most >= 1):
            raise ConfigurationError(
                "SessionOptions(max_sessions_per_user=...) takes a whole number from 1, or None "
                f"for no limit, not {shown(most)}."
            )


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_path(name: str, path: object, like: str) -> None:
    """Check that a path can be gone to as it is."""
    if not (isinstance(path, str) and _PATH.fullmatch(path)):
        raise ConfigurationError(
            f'Pages({name}=...) takes the path of a page of the app, like "{like}", '
            f"not {shown(path)}."
        )


def _check_routes(routes: object) -> None:
    """Check that routes are spelled as Reflex does, with or without a slash in front."""
    takes = 'Pages(protected=...) takes a set of paths, like frozenset({"/vault"})'
    if isinstance(routes, str) or not isinstance(routes, Collection):
        raise ConfigurationError(f"{takes}, not {shown(routes)}.")
    for route in routes:
        if not (isinstance(route, str) and _ROUTE.fullmatch(route)):
            raise ConfigurationError(f"{takes}; {shown(route)} is no path of the app.")


_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_SPELLED = re.compile(r"https?://[^\s/?#@\\]+/*", re.IGNORECASE)
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_origin(value: str) -> str:
    """Read `AUTH_URL`.

    See RFC 6454 section 6.2.
    """
    url = _split(value)
    if url is None:
        raise ConfigurationError(
            f"AUTH_URL takes an origin like https://example.com, without a path; it is {value!r}."
        )
    host = url.hostname or ""
    if url.scheme == "http" and _is_public(host):
        raise ConfigurationError(
            f"AUTH_URL takes https for a public host like {host!r}; "
            "http is for localhost and private networks."
        )
    is_usual = url.port in (None, _DEFAULT_PORTS[url.scheme])
    host = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{host}" + ("" if is_usual else f":{url.port}")


def _split(value: str) -> SplitResult | None:
    """Part a value that is spelled as an origin, if there can be a server of that name."""
    if not _SPELLED.fullmatch(value):
        return None
    try:
        url = urlsplit(value)
        return url if url.port != 0 and _is_host(url.hostname or "") else None
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    """Tell whether a host is a name or an address; what ends in a number can't be a name."""
    if ":" in host or host.rstrip(".").rpartition(".")[2].isdigit():
        return "%" not in host and bool(ip_address(host))
    return _NAME.fullmatch(host) is not None


def _is_public(host: str) -> bool:
    """Tell whether a host can be reached from everywhere, as far as its name says."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_NAMES)


logger = logging.getLogger("authdemo.sessions")


def kept_secret(path: Path) -> str:
    """Read the secret that an earlier start made, or make it; starts at once agree on one."""
    try:
        if not path.exists():
            _make(path)
        secret = path.read_text("utf-8", "surrogateescape").strip()
    except OSError as error:
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to: {error}.") from error
    if len(os.fsencode(secret)) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"Invalid secret in {path} (under {MIN_SECRET_BYTES} bytes). Restore it from a backup, "
            "or delete it: then a new one is created, and all users must sign in again."
        )
    return secret


def new_secret() -> str:
    """Make a secret."""
    return secrets.token_urlsafe(48)


def _make(path: Path) -> None:
    """Put a whole secret in place at once, unless another start was faster.

    It is on the disk before it is there by its name, so that no power cut leaves an empty file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(new_secret())
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(draft, path)
            logger.warning(
                "AUTH_SECRET is not set. A secret was made and is kept in %s. "
                "Set AUTH_SECRET to at least %d random bytes to choose it yourself.",
                path,
                MIN_SECRET_BYTES,
            )
    finally:
        Path(draft).unlink()


_REDIS = re.compile(r"(rediss?|unix)://\S+")
_COOKIE_PREFIX = re.compile(r"(?!__)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
"""A token (RFC 6265, section 4.1.1); browsers keep `__Host-` and the like for themselves."""

_RATE = re.compile(r"([1-9][0-9]{0,5})/(second|minute|hour)")
_LEAST_EVENT_BYTES = 1024
_WINDOWS = {"second": 1, "minute": 60, "hour": 3600}

ADDRESS_FACTOR = 10
"""How many times as often as one account all accounts together may fail from one address."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so much time."""

    count: int
    seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """The operator's settings.

    Attributes:
        keys: The signing keys.
        url: The public origin, or None to take each request's own.
        data_dir: Where the database and a made secret are.
        redis_url: Where Redis is, or None for the embedded store.
        session: How long sessions live.
        login_rate: How many logins may fail, per account and address.
        register_rate: How many registrations may be tried from one address, with
            `sessions.accounts`.
        update_rate: How often a client may update its session.
        event_rate: How many events a tab may send.
        event_bytes: How large an event may be, as UTF-8.
        max_sockets: How many sockets a session may have open, and an address without a session.
        cookie_prefix: The first part of the cookies' names.
        trusted_proxies: The addresses and networks whose forwarded headers are believed.
        made_secret: Whether the secret was made here, because none was given.
    """

    keys: KeyRing
    url: str | None = None
    data_dir: Path = Path(".data")
    redis_url: str | None = field(default=None, repr=False)
    session: SessionOptions = field(default_factory=SessionOptions)
    login_rate: Rate = Rate(10, 60)
    register_rate: Rate = Rate(20, 3600)
    update_rate: Rate = Rate(1000, 60)
    event_rate: Rate = Rate(100, 1)
    event_bytes: int = 65_536
    max_sockets: int = 1000
    cookie_prefix: str = "authjs"
    trusted_proxies: tuple[str, ...] = ()
    made_secret: bool = False

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] = os.environ, *, keep_secret: bool = True
    ) -> Settings:
        """Read the settings.

        If there is no secret, one is made and kept when all else is found right.

        Args:
            environ: The environment's variables.
            keep_secret: Whether a secret that is made is kept in the data folder, for the next
                start to find; else nothing is left behind.

        Returns:
            The settings, checked.

        Raises:
            ConfigurationError: Names the variable and says what it takes.
        """
        return cls(
            url=_origin(environ),
            redis_url=_redis_url(environ),
            session=SessionOptions(
                max_age=_seconds(environ, "AUTH_SESSION_MAX_AGE", 30 * DAY),
                update_age=_seconds(environ, "AUTH_SESSION_UPDATE_AGE", DAY, least=0),
                absolute_age=_seconds(environ, "AUTH_SESSION_ABSOLUTE_AGE", 90 * DAY),
            ),
            login_rate=_rate(environ, "AUTH_LOGIN_RATE", "10/minute"),
            register_rate=_rate(environ, "AUTH_REGISTER_RATE", "20/hour"),
            update_rate=_rate(environ, "AUTH_UPDATE_RATE", "1000/minute"),
            event_rate=_rate(environ, "AUTH_EVENT_RATE", "100/second"),
            event_bytes=_event_bytes(environ),
            max_sockets=_max_sockets(environ),
            cookie_prefix=_cookie_prefix(environ),
            trusted_proxies=_trusted_proxies(environ),
            made_secret="AUTH_SECRET" not in environ,
            data_dir=(data_dir := data_folder(environ)),
            keys=_keys(environ, data_dir / "secret", keep_secret=keep_secret),
        )

    @property
    def address_rate(self) -> Rate:
        """How often one address may try what `login_rate` limits for one account there."""
        return Rate(self.login_rate.count * ADDRESS_FACTOR, self.login_rate.seconds)


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the folder that the app keeps its data in; whatever is kept there makes it."""
    path = _data_dir(environ.get("AUTH_DATA_DIR") or ".data")
    try:
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
    except OSError as error:
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to: {error}.") from error
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to, not {str(path)!r}.")
    return path


def _data_dir(value: str) -> Path:
    """Read a folder's name, with `~` as shells read it."""
    try:
        path = Path(value).expanduser()
    except RuntimeError as error:  # there is no such user
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder, not {value!r}: {error}") from error
    if not value.strip() or "\0" in value:
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to, not {value!r}.")
    return path


def _origin(environ: Mapping[str, str]) -> str | None:
    value = environ.get("AUTH_URL")
    return read_origin(value) if value else None


def _redis_url(environ: Mapping[str, str]) -> str | None:
    value = environ.get("REFLEX_REDIS_URL")
    if value and not (_REDIS.fullmatch(value) and _has_good_port(value)):
        raise ConfigurationError("REFLEX_REDIS_URL takes a URL like redis://localhost:6379.")
    return value or None


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _seconds(environ: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    value = environ.get(name)
    if not value:
        return default
    if not re.fullmatch(r"\d{1,10}", value, re.ASCII) or not least <= int(value) <= LONGEST_LIFE:
        raise ConfigurationError(
            f"{name} takes a number of seconds from {least} to {LONGEST_LIFE}, not {value!r}."
        )
    return int(value)


def _rate(environ: Mapping[str, str], name: str, default: str) -> Rate:
    value = environ.get(name) or default
    match = _RATE.fullmatch(value)
    if match is None:
        raise ConfigurationError(
            f"{name} takes a number per second, minute or hour, like {default}; it is {value!r}."
        )
    return Rate(int(match[1]), _WINDOWS[match[2]])


def _event_bytes(environ: Mapping[str, str]) -> int:
    value = environ.get("AUTH_EVENT_BYTES") or "65536"
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or int(value) < _LEAST_EVENT_BYTES:
        raise ConfigurationError(
            f"AUTH_EVENT_BYTES takes a number of bytes from {_LEAST_EVENT_BYTES}, not {value!r}."
        )
    return int(value)


def _max_sockets(environ: Mapping[str, str]) -> int:
    value = environ.get("AUTH_MAX_SOCKETS") or "1000"
    if not re.fullmatch(r"[1-9]\d{0,5}", value, re.ASCII):
        raise ConfigurationError(f"AUTH_MAX_SOCKETS takes a number of sockets, not {value!r}.")
    return int(value)


def _cookie_prefix(environ: Mapping[str, str]) -> str:
    value = environ.get("AUTH_COOKIE_PREFIX") or "authjs"
    if not _COOKIE_PREFIX.fullmatch(value):
        raise ConfigurationError(
            "AUTH_COOKIE_PREFIX takes the first part of the cookies' names, like authjs: up to 64 "
            "letters, digits and signs of RFC 6265, none of them at the start like __Host-; "
            f"it is {value!r}."
        )
    return value


def _trusted_proxies(environ: Mapping[str, str]) -> tuple[str, ...]:
    value = environ.get("AUTH_TRUSTED_PROXIES") or ""
    networks = tuple(network.strip() for network in value.split(",") if network.strip())
    try:
        for network in networks:
            ip_network(network)
    except ValueError as error:
        raise ConfigurationError(
            "AUTH_TRUSTED_PROXIES takes addresses and networks, separated by commas, "
            f"like 127.0.0.1,10.0.0.0/8: {error}."
        ) from error
    return networks


def _keys(environ: Mapping[str, str], kept: Path, *, keep_secret: bool) -> KeyRing:
    pairs, value = _pairs(environ), environ.get("AUTH_SECRET")
    if value is not None:
        return KeyRing([secret.strip() for secret in value.split(",")], pairs)
    return KeyRing([kept_secret(kept) if keep_secret or kept.exists() else new_secret()], pairs)


def _pairs(environ: Mapping[str, str]) -> list[KeyPair]:
    value = environ.get("AUTH_SIGNING_KEYS") or ""
    return [read_pair(Path(path.strip())) for path in value.split(",") if path.strip()]
