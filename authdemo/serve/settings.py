"""Where the server listens and with how many workers, read from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_HOST = "0.0.0.0"  # noqa: S104 - the app is there to be reached
DEFAULT_PORT = 3000
MAX_PORT = 65535
MAX_WORKERS = 256


class StartError(Exception):
    """The app can't start; the message is one line with the cause and what to do."""


@dataclass(frozen=True)
class ServerSettings:
    """How to serve.

    Attributes:
        host: The address or host name to listen on.
        port: The port of pages, API and socket.
        workers: How many processes serve.
    """

    host: str
    port: int
    workers: int

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> ServerSettings:
        """Read and check `HOST`, `PORT` and `WORKERS`.

        Several workers need Redis; without `REFLEX_REDIS_URL` there is one.
        """
        workers = read_number(environ, "WORKERS", _cores(), MAX_WORKERS)
        return cls(
            host=environ.get("HOST") or DEFAULT_HOST,
            port=read_number(environ, "PORT", DEFAULT_PORT, MAX_PORT),
            workers=workers if environ.get("REFLEX_REDIS_URL") else 1,
        )


def read_number(environ: Mapping[str, str], name: str, default: int, largest: int) -> int:
    """Read a whole number from 1 to `largest`."""
    text = environ.get(name) or str(default)
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= largest:
        return int(text)
    raise StartError(f"{name} takes a whole number from 1 to {largest}, not {text!r}.")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
