"""The origin that the public knows an app by, as the operator names it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from ..errors import ConfigurationError

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")
_SPELLED = re.compile(r"https?://[^\s/?#@\\]+/*", re.IGNORECASE)
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def read_origin(value: str) -> str:
    """Read `AUTH_URL`.

    Args:
        value: What the operator wrote.

    Returns:
        The origin as browsers spell it (RFC 6454 section 6.2).

    Raises:
        ConfigurationError: If it is none, or one that would send cookies in the clear.
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
