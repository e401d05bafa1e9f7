"""Settings: environment variables, among them the public origin and the secret."""

from __future__ import annotations

import logging
import os
import re
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from .arguments import did_you_mean
from .errors import ConfigurationError
from .keys import MIN_SECRET_BYTES, KeyRing, read_pair
from .options import DAY, MAX_LIFETIME, SessionOptions
from .utils import make_data_folder

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_SPELLED = re.compile(r"https?://[^\s/?#@\\]+/*", re.IGNORECASE)
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_origin(value: str) -> str:
    """Read `AUTH_URL` (RFC 6454 section 6.2)."""
    url = _parse_origin(value)
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


def _parse_origin(value: str) -> SplitResult | None:
    if not _SPELLED.fullmatch(value):
        return None
    try:
        url = urlsplit(value)
        return url if url.port != 0 and _is_host(url.hostname or "") else None
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    # A name can't end in a number: that is an address.
    if ":" in host or host.rstrip(".").rpartition(".")[2].isdigit():
        return "%" not in host and bool(ip_address(host))
    return _NAME.fullmatch(host) is not None


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_PRIVATE_NAMES)


logger = logging.getLogger("authdemo.sessions")
_RANDOM_BYTES = 48


def load_or_create_secret(path: Path) -> str:
    """Load the secret that an earlier start created, or create it; concurrent starts agree."""
    try:
        if not path.exists():
            _create_file(path)
        secret = path.read_text("utf-8", "surrogateescape").strip()
    except OSError as error:
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to: {error}.") from error
    if len(os.fsencode(secret)) < MIN_SECRET_BYTES:
        raise ConfigurationError(
            f"Invalid secret in {path} (under {MIN_SECRET_BYTES} bytes). Restore it from a backup, "
            "or delete it: then a new one is created, and all users must sign in again."
        )
    return secret


def _create_file(path: Path) -> None:
    # Write and sync a draft, then link it: a power cut never leaves an empty file.
    make_data_folder(path.parent)
    descriptor, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(_RANDOM_BYTES))
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
_PREFIX = re.compile(r"(?!__)[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}")
_PREFIX_TAKES = (
    "the first part of the cookies' names, like authjs: up to 64 letters, digits and signs of "
    "RFC 6265 (section 4.1.1), not beginning with __, as in __Host-"
)
_RATE = re.compile(r"([1-9][0-9]{0,5})/(second|minute|hour)")
_BOOLEAN = re.compile("[01]")
_NUMBER = re.compile(r"\d{1,10}", re.ASCII)
_WINDOWS = {"second": 1, "minute": 60, "hour": 3600}

ADDRESS_FACTOR = 10
"""An address may fail this many times as often as one account."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A number in a time."""

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
        register_rate: How many registrations may be tried from one address, by
            `Auth.register`.
        update_rate: How often a client may update its session.
        event_rate: How many events a tab may send.
        event_bytes: How large an event may be, as UTF-8.
        max_sockets: How many sockets a session may have open, and an address without a session.
        cookie_prefix: The first part of the cookies' names.
        trusted_proxies: The addresses and networks whose forwarded headers are believed.
        admin: Whether the command line `authdemo` may ask the running app.
        has_generated_secret: Whether the secret was generated, because none was given.
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
    admin: bool = True
    has_generated_secret: bool = False

    @classmethod
    def from_environ(
        cls, environ: Mapping[str, str] = os.environ, *, keep_secret: bool = True
    ) -> Settings:
        """Read and check the settings.

        Args:
            environ: The environment's variables.
            keep_secret: Whether to keep a generated secret in the data folder for the next start.

        Raises:
            ConfigurationError: Names the variable and says what it takes.
        """
        return cls(
            url=read_origin(url) if (url := environ.get("AUTH_URL")) else None,
            redis_url=_redis_url(environ),
            session=SessionOptions(
                max_age=_seconds(environ, "AUTH_SESSION_MAX_AGE", 30 * DAY),
                update_age=_seconds(environ, "AUTH_SESSION_UPDATE_AGE", DAY, minimum=0),
                absolute_age=_seconds(environ, "AUTH_SESSION_ABSOLUTE_AGE", 90 * DAY),
            ),
            login_rate=_rate(environ, "AUTH_LOGIN_RATE", "10/minute"),
            register_rate=_rate(environ, "AUTH_REGISTER_RATE", "20/hour"),
            update_rate=_rate(environ, "AUTH_UPDATE_RATE", "1000/minute"),
            event_rate=_rate(environ, "AUTH_EVENT_RATE", "100/second"),
            event_bytes=_number(environ, "AUTH_EVENT_BYTES", 65_536, "bytes", range(1024, 10**9)),
            max_sockets=_number(environ, "AUTH_MAX_SOCKETS", 1000, "sockets", range(1, 10**6)),
            cookie_prefix=_read(environ, "AUTH_COOKIE_PREFIX", "authjs", _PREFIX, _PREFIX_TAKES)[0],
            trusted_proxies=_trusted_proxies(environ),
            admin=_read(environ, "AUTH_ADMIN", "1", _BOOLEAN, "0 or 1")[0] == "1",
            has_generated_secret="AUTH_SECRET" not in environ,
            data_dir=(data_dir := data_folder(environ)),
            keys=_keys(environ, data_dir / "secret", keep_secret=keep_secret),
        )

    @property
    def address_rate(self) -> Rate:
        """The limit of an address, for all accounts together."""
        return Rate(self.login_rate.count * ADDRESS_FACTOR, self.login_rate.seconds)


_PROVIDERS = re.compile(r"AUTH_\w+_(ID|SECRET|ISSUER)")
"""The variables of a provider, as Auth.js names them; apps read others than ours."""
KNOWN = (
    "AUTH_ADMIN",
    "AUTH_COOKIE_PREFIX",
    "AUTH_DATA_DIR",
    "AUTH_DEMO_ACCOUNTS",
    "AUTH_DEV_API_PORT",
    "AUTH_EVENT_BYTES",
    "AUTH_EVENT_RATE",
    "AUTH_LOGIN_RATE",
    "AUTH_MAIL_FROM",
    "AUTH_MAX_SOCKETS",
    "AUTH_METRICS",
    "AUTH_METRICS_TOKEN",
    "AUTH_REGISTER_RATE",
    "AUTH_SECRET",
    "AUTH_SESSION_ABSOLUTE_AGE",
    "AUTH_SESSION_MAX_AGE",
    "AUTH_SESSION_UPDATE_AGE",
    "AUTH_SIGNING_KEYS",
    "AUTH_SMTP_URL",
    "AUTH_TRUSTED_PROXIES",
    "AUTH_UPDATE_RATE",
    "AUTH_URL",
)
"""The other variables that this package and the demo read."""


def unknown_variables(environ: Mapping[str, str] = os.environ) -> Iterator[str]:
    """Write a sentence about each variable that begins like ours, and that nothing reads."""
    for name in sorted(environ):
        if name.startswith("AUTH_") and name not in KNOWN and not _PROVIDERS.fullmatch(name):
            close = did_you_mean(name, KNOWN)
            yield f"Nothing reads the environment variable {name[:100]}.{close}"


def warn_of_unknown_variables(environ: Mapping[str, str] = os.environ) -> None:
    """Log what nothing reads."""
    for sentence in unknown_variables(environ):
        logger.warning(sentence)


def data_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Find the folder for the app's data; it need not exist yet."""
    value = environ.get("AUTH_DATA_DIR") or ".data"
    try:
        path = Path(value).expanduser()
        there = next(place for place in (path, *path.absolute().parents) if place.exists())
    except (OSError, RuntimeError) as error:  # the latter if there is no such user
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to: {error}.") from error
    is_writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    if not (is_writable and value.strip() and "\0" not in value):
        raise ConfigurationError(f"AUTH_DATA_DIR takes a folder to write to, not {value!r}.")
    return path


def _read(
    environ: Mapping[str, str], name: str, default: str, pattern: re.Pattern[str], takes: str
) -> re.Match[str]:
    value = environ.get(name) or default
    match = pattern.fullmatch(value)
    if match is None:
        raise ConfigurationError(f"{name} takes {takes}; it is {value!r}.")
    return match


def _redis_url(environ: Mapping[str, str]) -> str | None:
    value = environ.get("REFLEX_REDIS_URL")
    with suppress(ValueError):  # of the port
        if not value or (_REDIS.fullmatch(value) and urlsplit(value).port != 0):
            return value or None
    raise ConfigurationError("REFLEX_REDIS_URL takes a URL like redis://localhost:6379.")


def _number(environ: Mapping[str, str], name: str, default: int, unit: str, allowed: range) -> int:
    takes = f"a number of {unit} from {allowed[0]} to {allowed[-1]}"
    number = int(_read(environ, name, str(default), _NUMBER, takes)[0])
    if number not in allowed:
        raise ConfigurationError(f"{name} takes {takes}; it is {number}.")
    return number


def _seconds(environ: Mapping[str, str], name: str, default: int, *, minimum: int = 1) -> int:
    return _number(environ, name, default, "seconds", range(minimum, MAX_LIFETIME + 1))


def _rate(environ: Mapping[str, str], name: str, default: str) -> Rate:
    takes = f"a number per second, minute or hour, like {default}"
    match = _read(environ, name, default, _RATE, takes)
    return Rate(int(match[1]), _WINDOWS[match[2]])


def _trusted_proxies(environ: Mapping[str, str]) -> tuple[str, ...]:
    networks = _split(environ.get("AUTH_TRUSTED_PROXIES"))
    try:
        for network in networks:
            ip_network(network)
    except ValueError as error:
        raise ConfigurationError(
            "AUTH_TRUSTED_PROXIES takes addresses and networks, separated by commas, "
            f"like 127.0.0.1,10.0.0.0/8: {error}."
        ) from error
    return networks


def _keys(environ: Mapping[str, str], path: Path, *, keep_secret: bool) -> KeyRing:
    pairs = [read_pair(Path(name)) for name in _split(environ.get("AUTH_SIGNING_KEYS"))]
    value = environ.get("AUTH_SECRET")
    if value is not None:
        return KeyRing([secret.strip() for secret in value.split(",")], pairs)
    is_kept = keep_secret or path.exists()
    secret = load_or_create_secret(path) if is_kept else secrets.token_urlsafe(_RANDOM_BYTES)
    return KeyRing([secret], pairs)


def _split(value: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (value or "").split(",") if part.strip())
