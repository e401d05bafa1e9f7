"""The app's log: one line for each entry, whatever a client sends."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

import pytest

import authdemo.sessions.core.audit  # noqa: F401 - its loggers escape from then on
from authdemo.logs import BufferedStream, LineHandler
from authdemo.sessions.core.text import Printable

ROOT = Path(__file__).parent.parent

Say = Callable[..., None]


@pytest.fixture
def paper() -> io.StringIO:
    """What the log is written on."""
    return io.StringIO()


@pytest.fixture
def say(paper: io.StringIO) -> Say:
    """Make an entry."""
    handler = LineHandler(BufferedStream(paper))

    def say(text: str, level: int = logging.INFO) -> None:
        handler.handle(logging.makeLogRecord({"msg": text, "levelno": level}))

    return say


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b", "\0", "\u2028", "\x85"])
def test_no_input_starts_a_line_of_its_own(mark: str, paper: io.StringIO) -> None:
    record = logging.makeLogRecord({"msg": "an account %s", "args": (f"x{mark}FORGED",)})
    line = LineHandler(BufferedStream(paper)).format(record)
    assert line.isprintable()
    assert line.endswith("FORGED")


def test_what_no_event_loop_waits_for_is_written_at_once(say: Say, paper: io.StringIO) -> None:
    say("first")
    assert paper.getvalue().endswith("first\n")


async def test_entries_of_one_turn_are_written_at_its_end(say: Say, paper: io.StringIO) -> None:
    say("first")
    say("second")
    assert paper.getvalue() == ""
    await asyncio.sleep(0)
    assert [line.split(": ")[-1] for line in paper.getvalue().splitlines()] == ["first", "second"]


async def test_a_warning_is_written_at_once_with_what_is_before_it(
    say: Say, paper: io.StringIO
) -> None:
    say("first")
    say("second", logging.WARNING)
    assert [line.split(": ")[-1] for line in paper.getvalue().splitlines()] == ["first", "second"]
    await asyncio.sleep(0)
    assert len(paper.getvalue().splitlines()) == 2


async def test_entries_of_many_threads_are_all_written(say: Say, paper: io.StringIO) -> None:
    async def speak(number: int) -> None:
        await asyncio.to_thread(say, f"{number}")
        say(f"{number}")

    await asyncio.gather(*(speak(number) for number in range(200)))
    await asyncio.sleep(0)
    assert len(paper.getvalue().splitlines()) == 400


@pytest.fixture
def lost() -> Iterator[TextIO]:
    """A pipe that nobody reads any more, as that of `make run | head`."""
    reader, writer = os.pipe()
    os.close(reader)
    lost = os.fdopen(writer, "w")
    yield lost
    with contextlib.suppress(BrokenPipeError):
        lost.close()


@pytest.mark.parametrize("level", [logging.INFO, logging.ERROR])
def test_a_log_that_nobody_reads_stops_nobody_who_writes(level: int, lost: TextIO) -> None:
    LineHandler(BufferedStream(lost)).handle(
        logging.makeLogRecord({"msg": "first", "levelno": level})
    )


async def test_what_is_written_later_on_a_lost_log_troubles_no_event_loop(lost: TextIO) -> None:
    troubles: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda *trouble: troubles.append(trouble))
    BufferedStream(lost).write("first")
    await asyncio.sleep(0)
    assert troubles == []


def test_an_entry_that_cannot_be_spelled_is_shown_and_stops_nobody(
    paper: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = {"msg": "%d sessions", "args": ("many",), "levelno": logging.ERROR}
    LineHandler(BufferedStream(paper)).handle(logging.makeLogRecord(entry))
    assert "Arguments: ('many',)" in capsys.readouterr().err
    assert paper.getvalue() == ""


def test_every_logger_of_the_package_escapes_what_clients_send() -> None:
    code = {path: path.read_text() for path in (ROOT / "authdemo").rglob("*.py")}
    names = {
        (path.name, name)
        for path, text in code.items()
        for name in re.findall(r"getLogger\((.*?)\)", text)
        if path.name not in ("text.py", "logs.py")
    }
    assert {name for _, name in names} <= {'"authdemo.sessions"', '"authdemo.sessions.audit"'}
    for name in ("authdemo.sessions", "authdemo.sessions.audit"):
        assert any(isinstance(each, Printable) for each in logging.getLogger(name).filters)


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b", "\x9b", "\u2028"])
def test_traceback_in_the_log_has_no_line_of_a_clients_own(mark: str) -> None:
    try:
        raise ValueError(f"of a client{mark}FORGED")
    except ValueError as error:
        trouble = (type(error), error, error.__traceback__)
    record = logging.makeLogRecord({"msg": "It failed.", "exc_info": trouble})
    _, *others = LineHandler(BufferedStream(io.StringIO())).format(record).splitlines()
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    assert "FORGED" in others[-1]


def test_made_secret_is_a_warning_that_says_what_to_set(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if name != "AUTH_SECRET"}
    ended = subprocess.run(
        [sys.executable, "-c", "from authdemo.__main__ import check_settings; check_settings()"],
        env={**environ, "AUTH_DATA_DIR": str(tmp_path)},
        capture_output=True,
        check=True,
        text=True,
    )
    (line,) = ended.stderr.splitlines()
    assert " WARNING authdemo.sessions: AUTH_SECRET is not set." in line
    assert "Set AUTH_SECRET to at least 32 random bytes" in line
    assert (tmp_path / "secret").read_text() not in line
