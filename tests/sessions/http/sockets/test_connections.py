"""What is known of a tab's socket."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.rate_limit import TokenBucket
from authdemo.sessions.core.record import Device
from authdemo.sessions.core.settings import Rate
from authdemo.sessions.http.sockets.connections import Connection

OWN = "https://own.example"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (OWN, "/"),
        (f"{OWN}/client?tab=1#top", "/client?tab=1#top"),
        (f"{OWN}?tab=1", "/?tab=1"),
        (f"{OWN}//evil.example", "/evil.example"),
        (f"{OWN}.evil.example/", f"{OWN}.evil.example/"),
        ("https://else.example/", "https://else.example/"),
    ],
)
def test_path_of_an_own_url_names_no_host(url: str, path: str) -> None:
    connection = Connection(None, "", Device(), OWN, TokenBucket(Rate(1, 1)))
    assert connection.path_of(url) == path
