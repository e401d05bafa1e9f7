"""Checks of the configuration, which ask nothing but files and variables."""

from __future__ import annotations

import math
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from authdemo.sessions import ConfigurationError, CookieOptions, Settings
from authdemo.sessions.core.settings import unknown_variables
from authdemo.sessions.http.pages.policy import Policy

from .findings import Finding, error, ok, warning

_MIN_BITS = 100
_MIN_DIFFERENT = 10
_WIDE = {4: 8, 6: 32}
"""Networks with shorter prefixes hold other people's machines, too; by version of IP."""

_OPEN = ("http:", "https:", "data:", "blob:", "*", "'unsafe-inline'", "'wasm-unsafe-eval'")


def check_secret(
    settings: Settings, environ: Mapping[str, str], *, keep_secret: bool
) -> Iterator[Finding]:
    """Check the secrets that sign."""
    name, advice = "AUTH_SECRET", "Make one with `authdemo secret new`, and set AUTH_SECRET."
    value = environ.get(name)
    if value is None:
        yield from _check_file(settings.data_dir / "secret", advice, keep_secret=keep_secret)
        return
    if any(map(_is_weak, value.split(","))):
        yield warning(name, "It repeats few characters, so it may be guessed.", advice)
    else:
        count = value.count(",") + 1
        kept = f"; {count - 1} more verify, until no session is older" if count > 1 else ""
        yield ok(name, f"A secret of {len(value.partition(',')[0])} characters signs{kept}.")


def _check_file(path: Path, advice: str, *, keep_secret: bool) -> Iterator[Finding]:
    if not keep_secret:
        yield error("AUTH_SECRET", "It is not set, and production needs one.", advice)
    elif not path.exists():
        yield warning("AUTH_SECRET", f"It is not set: the first start makes {path}.", advice)
    else:
        yield ok("AUTH_SECRET", f"The secret in {path} signs. Back it up.")
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield error("AUTH_SECRET", f"Other users can read {path}.", f"Run: chmod 600 {path}")


def _is_weak(secret: str) -> bool:
    """Tell whether a secret has fewer different characters than random text of its length."""
    text = secret.strip()
    counts = Counter(text).values()
    bits = -sum(count * math.log2(count / len(text)) for count in counts)
    return bits < _MIN_BITS or len(counts) < _MIN_DIFFERENT


def check_keys(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check who can read the files of keys."""
    names = [name.strip() for name in environ.get("AUTH_SIGNING_KEYS", "").split(",")]
    for path in (Path(name) for name in names if name):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            meaning = f"The group of {path} can read it."
            yield warning("AUTH_SIGNING_KEYS", meaning, f"Run: chmod 600 {path}")
        else:
            yield ok("AUTH_SIGNING_KEYS", f"Only its owner can read {path}.")


def check_data(settings: Settings) -> Iterator[Finding]:
    """Check who can write into the data folder."""
    folder = settings.data_dir
    if folder.exists() and stat.S_IMODE(folder.stat().st_mode) & 0o022:
        meaning = f"Other users can put files into {folder}."
        yield error("AUTH_DATA_DIR", meaning, f"Run: chmod go-w {folder}")
    elif folder.exists():
        yield ok("AUTH_DATA_DIR", f"Only its owner can write into {folder}.")
    else:
        advice = "If the app has run, set AUTH_DATA_DIR as for the app."
        yield warning("AUTH_DATA_DIR", f"There is no {folder} yet.", advice)


def check_url(settings: Settings) -> Iterator[Finding]:
    """Check the public origin, and the hosts that it stands for."""
    url = settings.url
    if url is None:
        yield warning(
            "AUTH_URL",
            "It is not set: the app answers only for localhost and IP addresses, and its cookies "
            "are not Secure.",
            "In production, set AUTH_URL=https://...",
        )
    elif url.startswith("http:"):
        meaning = f"{url} is not encrypted, so others in the network can take over sessions."
        yield warning("AUTH_URL", meaning, "Serve it by https, and set AUTH_URL=https://...")
    else:
        yield ok("AUTH_URL", f"{url}: cookies are Secure and begin with __Secure- and __Host-.")


def check_cookies(options: CookieOptions, settings: Settings) -> Iterator[Finding]:
    """Check what the app changes in its cookies."""
    try:
        options.check_https(settings.url)
    except ConfigurationError as why:
        yield error("cookies", why.message)
    if options.same_site == "none":
        meaning = "same_site='none': requests of any site bring the cookies."
        yield warning("cookies", meaning, "Keep it only if another site embeds the app.")
    if options.domain is not None:
        meaning = f"domain={options.domain!r}: every host below it can read and replace a session."
        yield warning("cookies", meaning, "Keep it only if all of these hosts are yours.")
    if options.same_site != "none" and options.domain is None:
        yield ok("cookies", f"SameSite={options.same_site.capitalize()}, for this host alone.")


def check_proxies(settings: Settings) -> Iterator[Finding]:
    """Check whose forwarded headers are believed."""
    name, proxies = "AUTH_TRUSTED_PROXIES", [ip_network(each) for each in settings.trusted_proxies]
    wide = [each for each in proxies if each.prefixlen < _WIDE[each.version]]
    if wide:
        meaning = f"{wide[0]} holds other people's machines, which can write any address."
        yield error(name, meaning, "Name the addresses of the proxies alone.")
    elif proxies:
        yield ok(name, f"Forwarded headers of {', '.join(map(str, proxies))} are believed.")
    elif (settings.url or "").startswith("https:"):
        yield warning(
            name,
            "It is not set. If a proxy ends https, all visitors seem to have its address and "
            "share one rate limit.",
            "Name the proxy, such as AUTH_TRUSTED_PROXIES=127.0.0.1.",
        )
    else:
        yield ok(name, "No forwarded headers are believed.")


def check_policy(policy: Policy) -> Iterator[Finding]:
    """Check what the app opens in the headers of its pages."""
    name, opened = "content policy", False
    if policy.allow_eval:
        opened = True
        meaning = "allow_eval=True: pages run text as code, also an attacker's."
        yield warning(name, meaning, "Replace rx.call_script, and leave it out.")
    for directive in ("default-src", "script-src"):
        for source in sorted({*policy.csp.get(directive, ())}.intersection(_OPEN)):
            opened = True
            meaning = f"{source} in {directive}: pages run scripts that an attacker chooses."
            yield warning(name, meaning, "Name the hosts of the scripts.")
    if policy.coop != "same-origin":
        opened = True
        meaning = f"coop={policy.coop!r}: windows of other sites keep a handle on the app's."
        yield warning(name, meaning, "Keep it only for sign-in by popup.")
    if not opened:
        yield ok(name, "Pages run their own scripts only, and no other site frames them.")


def check_redis(settings: Settings) -> Iterator[Finding]:
    """Check the way to Redis."""
    if settings.redis_url is None:
        return
    url = urlsplit(settings.redis_url)
    host = url.hostname or ""
    if url.scheme == "unix" or _is_loopback(host):
        yield ok("REFLEX_REDIS_URL", "Redis is on this machine.")
        return
    if url.scheme != "rediss":
        meaning = f"Sessions go to {host} without TLS, for the network to read and change."
        yield warning("REFLEX_REDIS_URL", meaning, "Use rediss://, or a tunnel.")
    if not url.password:
        meaning = f"{host} asks for no password."
        yield warning("REFLEX_REDIS_URL", meaning, "Set one in Redis, and in the URL.")
    if url.scheme == "rediss" and url.password:
        yield ok("REFLEX_REDIS_URL", f"{host} is reached by TLS, with a password.")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_variables(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Check for variables with a typing mistake."""
    for sentence in unknown_variables(environ):
        yield warning("variables", sentence, "Correct its name, or remove it.")
