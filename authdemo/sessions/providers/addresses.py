"""Which addresses of a provider may be used: https, or on this machine."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

_SOURCE = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?")
"""What a policy can name of all that a host may be: no brackets, and no letters but these."""


def is_safe(address: object, *, query: bool = False) -> bool:
    """Tell whether an address is https, or on this machine.

    Args:
        address: The address.
        query: Whether it may have a query.

    Returns:
        Whether nobody on the way could read or change what is sent there.
    """
    try:
        url = urlsplit(address) if isinstance(address, str) else urlsplit("")
    except ValueError:
        return False
    if "#" in str(address) or (url.query and not query) or not url.hostname:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _is_local(url.hostname))


def origin_of(address: str) -> str:
    """Name the origin of an address, for a Content-Security-Policy.

    Args:
        address: The address.

    Returns:
        Scheme, host and port; empty if a policy can't name the host.
    """
    url = urlsplit(address)
    origin = f"{url.scheme}://{url.netloc.rpartition('@')[2]}".lower()
    return origin if _SOURCE.fullmatch(origin) else ""


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
