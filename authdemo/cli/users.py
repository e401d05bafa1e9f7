"""`authdemo users`: the accounts of `authdemo.accounts`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from .operator import Failed, Operator
from .options import for_app
from .output import printable, write_json, write_table

_COLUMNS = ("id", "name", "email", "role", "created", "state")


@click.group()
def users() -> None:
    """List and change accounts."""


@users.command("list")
@click.option("--search", default="", help="How an id, an e-mail address or a name begins.")
@click.option("--role", help="Only those with this role.")
@click.option("--disabled", is_flag=True, help="Only those that are disabled.")
@click.option("--limit", default=50, type=click.IntRange(1, 200), help="How many at once.")
@click.option("--after", default="", help="Where the page before ended.")
@for_app
def list_users(
    app: Operator,
    search: str,
    role: str | None,
    limit: int,
    after: str,
    *,
    disabled: bool,
    is_json: bool,
) -> None:
    """List accounts, a page at a time."""
    options = {"search": search, "role": role, "limit": limit, "after": after}
    found = run(app, "users.list", disabled=disabled or None, **options)
    if is_json:
        write_json(found)
        return
    write_table(_COLUMNS, map(_row, found["users"]))
    if found["cursor"]:
        click.echo(f"There are more: --after {found['cursor']}", err=True)


def _row(user: dict[str, Any]) -> dict[str, Any]:
    state = [name.replace("_", " ") for name in ("disabled", "two_factor") if user[name]]
    day = datetime.fromtimestamp(user["created_at"], UTC).date()
    return {**user, "created": day.isoformat(), "state": state}


@users.command()
@click.argument("user")
@click.option("--name", default="", help="The name; the id by default.")
@click.option("--email", required=True, help="The e-mail address.")
@click.option("--role", default="", help="The role; the first by default.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@for_app
def create(
    app: Operator,
    user: str,
    name: str,
    email: str,
    role: str,
    *,
    password_stdin: bool,
    is_json: bool,
) -> None:
    """Make an account. The password is asked for, or read from standard input."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    fields = {"name": name or user, "email": email, "role": role, "password": password}
    made = run(app, "users.create", user=user, **fields)
    _done(made, f"{made['id']} has an account with the role {made['role']}.", is_json=is_json)


@users.command()
@click.argument("user")
@for_app
def disable(app: Operator, user: str, *, is_json: bool) -> None:
    """Disable an account: its sessions end at once, and it can't sign in."""
    run(app, "users.disable", user=user)
    _done({"disabled": user}, f"{user} is disabled.", is_json=is_json)


@users.command()
@click.argument("user")
@for_app
def enable(app: Operator, user: str, *, is_json: bool) -> None:
    """Enable a disabled account."""
    run(app, "users.enable", user=user)
    _done({"enabled": user}, f"{user} is enabled.", is_json=is_json)


@users.command()
@click.argument("user")
@click.argument("role")
@for_app
def role(app: Operator, user: str, role: str, *, is_json: bool) -> None:
    """Give an account another role: its sessions follow at once."""
    run(app, "users.role", user=user, role=role)
    _done({"id": user, "role": role}, f"{user} has the role {role}.", is_json=is_json)


@users.command("second-factor-off")
@click.argument("user")
@click.option("--yes", is_flag=True, help="Don't ask.")
@for_app
def second_factor_off(app: Operator, user: str, *, yes: bool, is_json: bool) -> None:
    """Turn off the second factor of a user who has lost it, once you know that it is them."""
    if not yes:
        click.confirm(f"Let {user} sign in without a second factor?", abort=True, err=True)
    run(app, "users.second-factor-off", user=user)
    _done({"id": user}, f"{user} has no second factor.", is_json=is_json)


@users.command("reset-link")
@click.argument("user")
@click.option("--mail", is_flag=True, help="Mail it to the user, and don't show it.")
@click.option("--origin", default="", help="Where users reach the app.")
@for_app
def reset_link(app: Operator, user: str, origin: str, *, mail: bool, is_json: bool) -> None:
    """Make a link by which the user sets a new password, within half an hour.

    It begins with AUTH_URL, if that is set, or else with localhost and the port of the app.
    """
    origin = origin or app.url or f"http://localhost:{app.find_port() or 3000}"
    link = run(app, "users.reset-link", user=user, origin=origin, mail=mail)
    _done({"link": link}, link or f"A link is on its way to {user}.", is_json=is_json)


@users.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Don't ask.")
@for_app
def delete(app: Operator, user: str, *, yes: bool, is_json: bool) -> None:
    """Delete an account and all that belongs to it, for good."""
    if not yes:
        click.confirm(f"Delete the account of {user} for good?", abort=True, err=True)
    run(app, "users.delete", user=user)
    _done({"deleted": user}, f"{user} is deleted.", is_json=is_json)


def _done(result: object, message: str, *, is_json: bool) -> None:
    if is_json:
        write_json(result)
    else:
        click.echo(printable(message))


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
