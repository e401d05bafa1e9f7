"""`python -m authdemo.accounts import`: adds the users of another app."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from authdemo.sessions import ConfigurationError
from authdemo.sessions.providers import data_folder

from .database import database_url, read_url
from .importer import ImportFailed, Plan, Records, make_plan, read_records, write_plan


def main(arguments: Sequence[str] | None = None) -> None:
    """Read, check and, with `--write`, add."""
    given = _parser().parse_args(arguments)
    try:
        url = read_url(given.to) if given.to else database_url(data_folder())
        records = read_records(given.source, given.table)
        roles = [role.strip() for role in given.roles.split(",")]
        plan = make_plan(records, url, roles=roles, id_column=given.id)
        _show(records, plan)
        if plan.problems and not given.skip_invalid:
            raise ImportFailed(
                "Nothing is written. Correct these users, or leave them out with --skip-invalid."
            )
        if given.write:
            write_plan(plan, url)
    except (ConfigurationError, ImportFailed) as error:
        sys.exit(f"error: {error}")
    print("Done." if given.write else "Nothing is written yet. To import them, add --write.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m authdemo.accounts")
    commands = parser.add_subparsers(required=True, metavar="import")
    command = commands.add_parser("import", help="add the users of another app")
    command.add_argument("source", help="a database's URL, or a file (.csv, .json)")
    command.add_argument("--table", default="", help="the table of users (localuser, auth_user)")
    command.add_argument("--id", default="", help="the column of the id that users type")
    command.add_argument("--roles", default="user,admin", help="all roles (%(default)s)")
    command.add_argument("--to", default="", help="the accounts' database (DB_URL's)")
    command.add_argument("--write", action="store_true", help="import, after all checks")
    command.add_argument("--skip-invalid", action="store_true", help="leave invalid users out")
    return parser


def _show(records: Records, plan: Plan) -> None:
    print(f"{records.name}: {len(records.values)} users")
    print(f"  new accounts: {len(plan.rows)}, of which {plan.locked} are locked")
    print(f"  have an account already: {len(plan.existing)}")
    if plan.ignored:
        print(f"  columns that accounts don't have: {', '.join(plan.ignored)}")
    for problem in plan.problems:
        print(f"  {problem}")


if __name__ == "__main__":
    main()
