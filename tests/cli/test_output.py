"""What the command line shows, and the commands that its guide shows."""

from __future__ import annotations

import shlex

import pytest
from click.testing import CliRunner

from authdemo.cli.main import cli
from authdemo.cli.output import printable, write_table
from tests.cli.conftest import CommandLine
from tests.docs.markdown import GUIDES, blocks

COMMANDS = [
    line for block in blocks(GUIDES / "command-line.md", "sh") for line in block.code.splitlines()
]


@pytest.mark.parametrize("line", COMMANDS)
def test_command_of_the_guide_exists_with_its_options(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "authdemo"
    assert CliRunner().invoke(cli, [*words, "--help"]).exit_code == 0


def test_what_users_have_typed_cannot_control_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed = "\x1b[31mred\x07\x9b\u202e [bold]x[/bold]\nnext"
    assert printable(typed) == "�[31mred��� [bold]x[/bold]�next"
    write_table(("name",), [{"name": typed}])
    shown = capsys.readouterr().out
    assert "[bold]x[/bold]" in shown
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 2


def test_any_command_of_the_app_runs_with_typed_arguments(authdemo: CommandLine) -> None:
    assert authdemo.json("run", "sessions.list", "user=nobody_here") == []
    assert "can't use 'user'" in authdemo.fails("run", "sessions.list", "user=7")
    assert "no command 'orders.close'" in authdemo.fails("run", "orders.close")
