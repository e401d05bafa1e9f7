"""`authdemo users`: the accounts of `authdemo.accounts`."""

from __future__ import annotations

from typing import Any

import click

from .operator import Failed, Operator
from .options import for_app
from .output import write_json, write_table

_COLUMNS = ("id", "name", "email", "role", "state")


@click.group()
def users() -> None:
    """List and change accounts."""


@users.command("list")
@click.option("--search", default="", help="Only those whose id, name or e-mail has this text.")
@click.option("--page", default=1, type=click.IntRange(1))
@click.option("--size", default=50, type=click.IntRange(1, 100))
@for_app
def list_users(app: Operator, search: str, page: int, size: int, *, is_json: bool) -> None:
    """List accounts, a page at a time."""
    found = run(app, "users.list", search=search, page=page, size=size)
    if is_json:
        write_json(found)
        return
    write_table(_COLUMNS, map(_row, found["users"]))
    if found["total"] > page * size:
        click.echo(
            f"Page {page} of {found['total']} accounts; --page {page + 1} has more.", err=True
        )


def _row(user: dict[str, Any]) -> dict[str, Any]:
    states = {"disabled": "disabled", "two_factor": "two factors"}
    return user | {"state": [text for name, text in states.items() if user.get(name)]}


def run(app: Operator, command: str, **arguments: Any) -> Any:
    """Run a command of the accounts, which an app may not have."""
    try:
        return app.run(command, **arguments)
    except Failed as error:
        if error.reason == "command":
            raise Failed(
                "This app has no accounts to change: it keeps its users itself, or authdemo["
                "accounts] is not installed, or `accounts.attach(auth)` is missing."
            ) from error
        raise
