"""Client addresses, parsed once, and the networks that limits count by."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_SUBSCRIBER_BITS = 64
_MAX_ADDRESS = 64
_MAX_KNOWN = 1024
_WITH_PORT = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?|([^:\[\]]*):\d{1,5}", re.ASCII)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Parse an address as servers and proxies spell it.

    Args:
        text: The address: with a port, in brackets or with a zone, as RFC 9110 (section 7.2) and
            RFC 4007 (section 11) have them, or an IPv4 address mapped into IPv6.

    Returns:
        The address without port and zone, a mapped one as IPv4; None if the text is none.
    """
    return _parse(text) if len(text) <= _MAX_ADDRESS else None


@lru_cache(_MAX_KNOWN)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    match = _WITH_PORT.fullmatch(text)
    host = text if match is None else match[1] or match[2] or ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def address_text(text: str) -> str:
    """Spell an address in the one way that is recorded; empty if it is none."""
    address = parse_address(text)
    return "" if address is None else str(address)


def network(address: str) -> str:
    """Find the network of one subscriber, which limits count as one.

    Args:
        address: A client's address.

    Returns:
        The /64 of an IPv6 address, as a home or a machine gets it (RFC 6177, section 2); an IPv4
        address; empty for all that is no address, so that it is limited together.
    """
    known = parse_address(address)
    if isinstance(known, IPv6Address):
        return str(IPv6Network((int(known), _SUBSCRIBER_BITS), strict=False))
    return "" if known is None else str(known)
