"""Whose address it is."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address

_SUBSCRIBER_BITS = 64


def network(address: str) -> str:
    """Find what one subscriber has, whatever of it they use.

    Args:
        address: An address, or whatever else a server calls its client.

    Returns:
        Of an IPv6 address its /64, as a home or a machine gets it (RFC 6177, section 2);
        of an IPv4 address written as one of IPv6 the IPv4 address; of all else itself.
    """
    try:
        known = ip_address(address)
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return address
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return str(IPv6Network((int(known), _SUBSCRIBER_BITS), strict=False))
