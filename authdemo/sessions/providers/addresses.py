"""Which addresses of a provider may be used: https, or on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


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
    if url.fragment or (url.query and not query) or not url.hostname:
        return False
    return url.scheme == "https" or (url.scheme == "http" and _is_local(url.hostname))


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
