"""What the command line shows: tables and lines for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDTH_OF_FILES = 1000


def printable(value: object) -> str:
    """Write a value so that it can't control the terminal."""
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def write_json(value: object) -> None:
    """Write JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def write_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the named columns of some rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(row.get(column, ""))) for column in columns))
    console().print(table)


def console() -> Console:
    """Make a console; it has colours only on a terminal, and files get whole lines."""
    found = Console(markup=False, highlight=False)
    return found if found.is_terminal else Console(markup=False, width=_WIDTH_OF_FILES)
