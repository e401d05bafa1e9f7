"""What visitors send is not kept in memory, however long it is."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from authdemo.sessions.core.errors import RequestRejected
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.locales import Locales
from authdemo.sessions.core.rules import canonical
from authdemo.sessions.http import cookies
from authdemo.sessions.http.csrf import Csrf
from authdemo.sessions.http.outermost import Origins, TrustedProxies
from authdemo.sessions.http.pages.render import takes_gzip
from tests.support.house import SECRET

LONG = 50_000
TIMES = 40
csrf, locales, origins = Csrf(KeyRing([SECRET])), Locales(), Origins(None)


proxies = TrustedProxies(["127.0.0.1"])


def ask_for_host(text: str) -> None:
    scope = {"scheme": "http", "headers": [(b"host", text.encode())]}
    with pytest.raises(RequestRejected):
        origins.base_url(scope)


def come_by_a_proxy(text: str) -> None:
    headers = [(b"x-forwarded-for", text.encode())]
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": headers}
    proxies.apply(scope)


@pytest.mark.parametrize(
    "send",
    [
        pytest.param(lambda text: csrf.find([text], ""), id="a CSRF cookie"),
        pytest.param(lambda text: locales.choose(None, text), id="Accept-Language"),
        pytest.param(lambda text: locales.choose(text, ""), id="the language cookie"),
        pytest.param(lambda text: canonical(f"/{text}"), id="a path"),
        pytest.param(ask_for_host, id="a host"),
        pytest.param(come_by_a_proxy, id="X-Forwarded-For"),
        pytest.param(
            lambda text: takes_gzip({"headers": [(b"accept-encoding", text.encode())]}),
            id="Accept-Encoding",
        ),
        pytest.param(
            lambda text: cookies.by_name({"headers": [(b"cookie", text.encode())]}), id="cookies"
        ),
    ],
)
def test_it_is_forgotten(send: Callable[[str], object]) -> None:
    send("0" * LONG)
    tracemalloc.start()
    for n in range(TIMES):
        send(f"{n:05}" * (LONG // 5))
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < LONG
