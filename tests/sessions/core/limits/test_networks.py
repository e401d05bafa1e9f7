"""One address has one limit, however a server or a proxy spells it."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.rate_limit import address_text, network, parse_address

ports = st.one_of(st.none(), st.integers(0, 65535))
zones = st.sampled_from(["", "%eth0", "%25", "%1"])


ipv4 = st.ip_addresses(v=4)
ipv6 = st.ip_addresses(v=6)
spellings = st.sampled_from(["compressed", "exploded"])
cases = st.sampled_from([str.lower, str.upper])


@given(ipv4, ports, st.sampled_from(["{}", "[::FFFF:{}]", "[::ffff:{}%eth0]"]))
def test_address_of_ipv4_has_one_limit_in_every_spelling(
    address: IPv4Address, port: int | None, form: str
) -> None:
    text = form.format(address)
    spelled = text if port is None else f"{text}:{port}"
    assert address_text(spelled) == network(spelled) == str(address)


@given(ipv6, ports, spellings, cases, zones)
def test_address_of_ipv6_has_one_limit_in_every_spelling(
    address: IPv6Address, port: int | None, spelling: str, case: Callable[[str], str], zone: str
) -> None:
    text = case(getattr(address, spelling)) + zone
    bracketed = f"[{text}]" if port is None else f"[{text}]:{port}"
    spelled = {address_text(each) for each in (text, f"[{text}]", bracketed)}
    assert spelled == {str(address.ipv4_mapped or address)}
    assert {network(text), network(bracketed)} == {network(str(address))}


@given(st.text() | st.from_regex(r"[0-9a-f:.\[\]%]+", fullmatch=True))
def test_text_is_an_address_or_nothing(text: str) -> None:
    spelled = address_text(text)
    assert spelled == "" or str(ip_address(spelled)) == spelled


@pytest.mark.parametrize(
    "junk",
    [
        *("", "unknown", "_hidden", "localhost:80", "<script>", "1" * 3000),
        *("192.0.2.1:http", "192.0.2.1:", "192.0.2", "[192.0.2.1", "192.0.2.1\n", "\u0661.2.3.4"),
        *("[[::1]]", "::1%" + "e" * 3000),
    ],
)
def test_invalid_addresses_share_a_limit(junk: str) -> None:
    assert parse_address(junk) is None
    assert network(junk) == ""
