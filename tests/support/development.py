"""Reflex's development mode, which serves pages and API on two ports."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from authdemo.testing import wait_until

START_SECONDS = 120


def until_served(pages: str, api: str, *, seen: Callable[[], str]) -> None:
    """Wait until both servers answer.

    What Reflex prints is no sign of it. Now and then its process for the API is forked while it
    starts the one for the pages, keeps a pipe of that start open, and nothing is printed.

    Args:
        pages: The address of the pages.
        api: The address of the API.
        seen: Tells what was written, if they don't answer.
    """
    for url in (f"{api}/ping", pages):
        wait_until(
            lambda url=url: _answers(url), timeout=START_SECONDS, interval=0.2, on_timeout=seen
        )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=START_SECONDS).is_success
    except httpx.TransportError:
        return False
