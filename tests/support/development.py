"""Reflex's development mode, which serves pages and API on two ports."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx

from authdemo.testing import wait_until
from tests.support.server import Server

FIRST_START_SECONDS = 100
SECOND_START_SECONDS = 120
ANSWER_SECONDS = 20


@contextlib.contextmanager
def served(start: Callable[[], AbstractContextManager[Server]], api: str) -> Iterator[Server]:
    """Start an app, and wait until pages and API answer; what it prints is no sign of it.

    Now and then Reflex's process for the API is forked while it starts the one for the pages, keeps
    a pipe of that start open, and both hang. So what doesn't answer is started a second time.

    Args:
        start: Starts it, and stops it afterwards; `url` has to be the address of the pages.
        api: The address of the API.
    """
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(start())
        try:
            _until_served(server, api, FIRST_START_SECONDS)
        except AssertionError:
            stack.close()
            server = stack.enter_context(start())
            _until_served(server, api, SECOND_START_SECONDS)
        yield server


def _until_served(server: Server, api: str, seconds: float) -> None:
    for url in (f"{api}/ping", server.url):
        wait_until(
            lambda url=url: _answers(url), timeout=seconds, interval=0.2, on_timeout=server.logged
        )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=ANSWER_SECONDS).is_success
    except httpx.TransportError:
        return False
