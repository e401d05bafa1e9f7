"""What a start shows of a command that takes its time."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from tests.launch.conftest import ROOT

PROGRAM = """
import os, sys
from functools import partial
from authdemo.launch.progress import Step, run_in_steps
from authdemo.serve import processes

steps = (
    Step("Weighing", lambda output: b"half" in output, lambda output: f"{len(output)} bytes"),
    Step("Sealing", lambda output: b"half" in output),
    Step("Packing"),
)
command = (sys.executable, "-c", sys.argv[1])
work = partial(run_in_steps, steps, partial(processes.run, command, os.environ))
sys.exit(processes.exit_code(work))
"""
WORK = "print('half')"
CURSOR = "\x1b[?25h"


def start(code: str, output: int, **env: str) -> subprocess.Popen[bytes]:
    usual = {name: text for name, text in os.environ.items() if name not in ("CI", "NO_COLOR")}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, code],
        cwd=ROOT,
        env={**usual, "TERM": "xterm-256color", "COLUMNS": "80", **env},
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def in_pipe(code: str, **env: str) -> tuple[int, list[str]]:
    process = start(code, subprocess.PIPE, **env)
    said, _ = process.communicate(timeout=30)
    return process.returncode, said.decode().splitlines()


def on_terminal(code: str, *, is_stopped: bool = False, **env: str) -> tuple[int, str]:
    main, side = pty.openpty()
    process = start(code, side, **env)
    os.close(side)
    said = b""
    try:
        while True:
            said += os.read(main, 4096)
            if is_stopped and b"Packing" in said:
                is_stopped = False
                os.killpg(process.pid, signal.SIGINT)
    except OSError:  # the other side is closed
        return process.wait(30), said.decode()
    finally:
        os.close(main)


@pytest.mark.parametrize("env", [{}, {"FORCE_COLOR": "1"}], ids=["", "FORCE_COLOR"])
def test_pipe_gets_a_line_when_a_step_begins_and_when_it_ends(env: dict[str, str]) -> None:
    code, lines = in_pipe(WORK, **env)
    assert code == 0
    assert [re.sub(r"\d+\.\d s", "0.0 s", line) for line in lines] == [
        "Weighing ...",
        "Weighing: 0.0 s",
        "Packing ...",
        "Packing: 0.0 s",
    ]


def test_failed_command_shows_its_own_output_and_exit_code() -> None:
    code, lines = in_pipe(f"import sys; {WORK}; sys.exit('no room')")
    assert code == 1
    assert lines[0] == "Weighing ..."
    assert sorted(lines[-2:]) == ["half", "no room"]


def test_terminal_shows_each_step_with_its_time() -> None:
    code, said = on_terminal(WORK)
    assert code == 0
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said)
    for title in ("Weighing", "Packing"):
        assert re.search(rf"✓ {title} +0:00:0\d", shown)
    assert "Sealing" not in shown
    assert said.rindex(CURSOR) > said.rindex("Packing")


def test_terminal_without_color_gets_none() -> None:
    assert not re.search(r"\x1b\[[\d;]*3\d[\d;]*m", on_terminal(WORK, NO_COLOR="1")[1])


def test_terminal_of_a_ci_run_gets_plain_lines() -> None:
    assert "\x1b" not in on_terminal(WORK, CI="true")[1]


def test_ctrl_c_stops_the_command_and_gives_the_cursor_back() -> None:
    code, said = on_terminal(
        f"import time; {WORK[:-1]}, flush=True); time.sleep(60)", is_stopped=True
    )
    assert code == 130
    assert said.rstrip().endswith(CURSOR) or CURSOR in said.rpartition("Packing")[2]
