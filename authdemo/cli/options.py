"""Options that several commands have."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from .operator import Operator

as_json = click.option("--json", "is_json", is_flag=True, help="Write JSON, for programs.")


def for_app(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say which app it is for."""

    @click.option("--url", default="", help="The running app's address, if it isn't found.")
    @click.option("--auth", default="", help='Its Auth, like "my_app.auth:auth".')
    @as_json
    @functools.wraps(function)
    def command(url: str, auth: str, **arguments: Any) -> Any:
        return function(Operator(url, auth), **arguments)

    return command
