"""The commands, as an operator types them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from authdemo import __version__

from .doctor import doctor
from .keys import KINDS, configured_files, new_secret, write_key
from .operator import Failed, Operator
from .options import as_json, for_app
from .output import printable, write_json, write_table
from .users import users

_COLUMNS = ("id", "device", "address", "created", "last seen", "expires", "tabs")
_SHOWN_ID = 12
_INTERRUPTED = 130


def main() -> None:
    """Run the command line; what can't be done is one line on standard error, or JSON."""
    if (folder := str(Path.cwd())) not in sys.path:  # as with `python -m`: the app is there
        sys.path.insert(0, folder)
    try:
        cli.main(prog_name="authdemo", standalone_mode=False)
    except click.ClickException as error:
        if isinstance(error, Failed) and "--json" in sys.argv:
            click.echo(error.as_json(), err=True)
        else:
            error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped; nothing has changed.", err=True)
        sys.exit(_INTERRUPTED)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="authdemo")
def cli() -> None:
    """Operate an app's sessions and accounts, while it runs or not.

    Run it in the app's folder, as the app's user and with its environment variables.
    """


cli.add_command(users)
cli.add_command(doctor)


@cli.group()
def sessions() -> None:
    """List and end the sessions of a user."""


@sessions.command("list")
@click.argument("user")
@for_app
def list_sessions(app: Operator, user: str, *, is_json: bool) -> None:
    """List where a user is signed in, the newest session first."""
    found = app.run("sessions.list", user=user)
    if is_json:
        write_json(found)
    elif found:
        write_table(_COLUMNS, map(_row, found))
    else:
        click.echo(f"{user} has no session.")


def _row(session: dict[str, Any]) -> dict[str, Any]:
    from authdemo.sessions import Device

    device, times = Device(**session["device"]), ("created", "last_seen", "expires")
    return {
        "id": session["id"][:_SHOWN_ID],
        "device": session["name"] or device.name or device.user_agent,
        "address": device.ip,
        "tabs": session["tabs"],
        **{name.replace("_", " "): session[name][:19].replace("T", " ") for name in times},
    }


@sessions.command()
@click.argument("user")
@click.option("--id", "session", default="", help="Only this session; its first characters do.")
@click.option("--others", is_flag=True, help="All but the session that --id names.")
@for_app
def revoke(app: Operator, user: str, session: str, *, others: bool, is_json: bool) -> None:
    """End all sessions of a user at once, in every tab; or one, or all but one."""
    if others and not session:
        raise click.UsageError("--others needs --id: the session that stays.")
    count = app.run("sessions.revoke", user=user, session=session, others=others)
    if is_json:
        write_json({"ended": count})
    else:
        click.echo(f"{count} session{'s' * (count != 1)} ended.")


@cli.command("run")
@click.argument("command")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
@for_app
def run_command(app: Operator, command: str, arguments: tuple[str, ...], *, is_json: bool) -> None:
    """Run a command of the app's own, which it adds by auth.commands.

    A VALUE is JSON, or else text.
    """
    if not all("=" in each for each in arguments):
        raise click.UsageError("Arguments are spelled NAME=VALUE.")
    pairs = (each.split("=", 1) for each in arguments)
    result = app.run(command, **{name: _read(value) for name, value in pairs})
    if is_json or not isinstance(result, str):
        write_json(result)
    else:
        click.echo(printable(result))


def _read(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value


@cli.group()
def secret() -> None:
    """Make secrets for AUTH_SECRET."""


@secret.command("new")
@as_json
def secret_new(*, is_json: bool) -> None:
    """Make a secret. To rotate, put it in front of the old one, and a comma between."""
    made = new_secret()
    if is_json:
        write_json({"secret": made})
    else:
        click.echo(made)


@cli.group()
def keys() -> None:
    """Make private keys for AUTH_SIGNING_KEYS, whose public halves other services get."""


_FILE = click.argument("file", type=click.Path(path_type=Path))
_KIND = click.option("--type", "kind", type=click.Choice(list(KINDS)), default="ed25519")


@keys.command("new")
@_FILE
@_KIND
@as_json
def keys_new(file: Path, kind: str, *, is_json: bool) -> None:
    """Write a new private key to FILE, which only you can read."""
    _show_key(file, write_key(file, kind), [], is_json=is_json)


@keys.command()
@_FILE
@_KIND
@as_json
def rotate(file: Path, kind: str, *, is_json: bool) -> None:
    """Write a new private key to FILE, for the front of AUTH_SIGNING_KEYS."""
    files = configured_files()
    if not files:
        raise Failed(
            "AUTH_SIGNING_KEYS names no key to rotate, so AUTH_SECRET signs. Make a secret with "
            "`authdemo secret new`, or a first key with `authdemo keys new`."
        )
    _show_key(file, write_key(file, kind), files, is_json=is_json)


def _show_key(file: Path, kid: str, others: list[str], *, is_json: bool) -> None:
    value = ",".join([str(file), *others])
    if is_json:
        write_json({"file": str(file), "kid": kid, "AUTH_SIGNING_KEYS": value})
        return
    click.echo(f"AUTH_SIGNING_KEYS={value}")
    click.echo(f"The key {kid} signs after a restart of the app.", err=True)
    if others:
        click.echo("Remove the old keys once no session is older than that.", err=True)
