"""What is believed of a chain of proxies, for requests and for sockets."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.types import Scope

from authdemo.sessions.http.outermost import TrustedProxies

PROXIES = ("127.0.0.1", "10.1.0.0/16", "2001:db8::/32")


def passed(peer: tuple[str, int] | None, kind: str = "http", **sent: str) -> Scope:
    """Send a request, and see what comes through."""
    headers = [(f"x-forwarded-{name}".encode(), value.encode()) for name, value in sent.items()]
    scheme = {"http": "http", "websocket": "ws"}[kind]
    scope = {"type": kind, "scheme": scheme, "client": peer, "headers": headers}
    TrustedProxies(PROXIES).apply(scope)
    return scope


@pytest.mark.parametrize(
    "peer", ["127.0.0.1", "10.1.2.3", "2001:db8::1", "::ffff:127.0.0.1", "::FFFF:7f00:1"]
)
@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
def test_listed_proxy_is_trusted(peer: str, kind: str, scheme: str) -> None:
    scope = passed((peer, 1), kind, proto="https", **{"for": "203.0.113.7"})
    assert (scope["scheme"], scope["client"]) == (scheme, ("203.0.113.7", 0))


@pytest.mark.parametrize("peer", ["127.0.0.2", "203.0.113.7", "2001:db9::1", "", "localhost"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_other_peer_is_not_trusted(peer: str, kind: str) -> None:
    scope = passed((peer, 1), kind, proto="https", **{"for": "198.51.100.1"})
    assert (scope["scheme"] in ("http", "ws"), scope["client"]) == (True, (peer, 1))


def test_peer_without_address_is_not_trusted() -> None:
    scope = passed(None, proto="https", **{"for": "198.51.100.1"})
    assert (scope["scheme"], scope["client"]) == ("http", None)


@pytest.mark.parametrize(
    ("chain", "client"),
    [
        ("203.0.113.7", ("203.0.113.7", 0)),
        ("192.0.2.1, 203.0.113.7", ("203.0.113.7", 0)),
        ("192.0.2.1, 203.0.113.7, 10.1.2.3, 127.0.0.1", ("203.0.113.7", 0)),
        ("192.0.2.1, unknown, 10.1.2.3", ("", 0)),
        ("192.0.2.1, " + "3" * 3000, ("", 0)),
        ("203.0.113.7:51234, 10.1.2.3:443", ("203.0.113.7", 0)),
        ("192.0.2.1, [2001:DB9::7]:51234, ::ffff:10.1.2.3", ("2001:db9::7", 0)),
        ("fe80::1%eth0", ("fe80::1", 0)),
        ("203.0.113.7, " + "10.1.2.3, " * 5000, ("10.1.2.3", 0)),
        ("192.0.2.1, 203.0.113.7, ,", ("203.0.113.7", 0)),
        ("10.1.2.3, 127.0.0.1", ("10.1.2.3", 0)),
        ("", ("127.0.0.1", 1)),
        (" , ", ("127.0.0.1", 1)),
    ],
)
def test_last_address_that_is_not_a_proxy_is_the_client(chain: str, client: Any) -> None:
    assert passed(("127.0.0.1", 1), **{"for": chain})["client"] == client


def test_proxy_network_may_be_mapped_into_ipv6() -> None:
    headers = [(b"x-forwarded-for", b"203.0.113.7")]
    scope = {"type": "http", "scheme": "http", "client": ("10.1.2.3", 1), "headers": headers}
    TrustedProxies(["::ffff:10.0.0.0/104"]).apply(scope)
    assert scope["client"] == ("203.0.113.7", 0)
