"""Shows the steps of a command, and how long each takes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import KW_ONLY, dataclass, field
from typing import IO

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


@dataclass(frozen=True)
class Step:
    """A part of a command's work.

    Attributes:
        title: What is going on.
        is_complete: Whether the command's output, or what it has made, shows the end of the step.
        detail: What the output says last.
    """

    title: str
    is_complete: Callable[[bytes], bool] = lambda _: False
    detail: Callable[[bytes], str] = lambda _: ""


def run_in_steps(steps: Sequence[Step], run: Callable[[IO[bytes], Callable[[], None]], int]) -> int:
    """Run a command and return its exit code; its own output is shown only if it fails."""
    is_live = _is_live()
    with tempfile.TemporaryFile() as output:
        with ExitStack() as stack:
            display = (
                _Live(steps, output, progress=stack.enter_context(_progress()))
                if is_live
                else _Lines(steps, output)
            )
            display.begin()
            code = run(output, display.look)
            if code == 0:
                display.look()
                display.end()
        if code != 0:
            output.seek(0)
            sys.stdout.flush()
            shutil.copyfileobj(output, sys.stderr.buffer)
            sys.stderr.flush()
    return code


def _is_live() -> bool:
    """Tell whether lines can change after they are written; no log of a CI run can show that."""
    return sys.stdout.isatty() and not Console().is_dumb_terminal and not os.environ.get("CI")


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}", markup=False),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim", markup=False),
        auto_refresh=False,  # it would need a thread, and commands are forked
    )


@dataclass(eq=False)
class _Lines:
    """Writes a line when a step begins, and one when it has ended."""

    steps: Sequence[Step]
    output: IO[bytes]
    _place: int = field(default=0, init=False)
    _began: float = field(default=0.0, init=False)

    @property
    def step(self) -> Step:
        """The step that is going on."""
        return self.steps[self._place]

    def look(self) -> None:
        """Go on to the step that the output shows; those that have nothing to do aren't shown."""
        output = self._read()
        if self.step.is_complete(output):
            self.end()
            while self.step.is_complete(output):
                self._place += 1
            self.begin()
        self.update(output)

    def begin(self) -> None:
        """Show that a step begins."""
        self._began = time.monotonic()
        print(f"{self.step.title} ...", flush=True)

    def update(self, output: bytes) -> None:
        """Show what goes on in the step."""

    def end(self) -> None:
        """Show that a step has ended."""
        print(f"{self.step.title}: {time.monotonic() - self._began:.1f} s", flush=True)

    def _read(self) -> bytes:
        """Read what is there; a seek would move the command's own place, too."""
        return os.pread(self.output.fileno(), os.fstat(self.output.fileno()).st_size, 0)


@dataclass(eq=False)
class _Live(_Lines):
    """Shows each step as a line of its own, which changes until the step has ended."""

    _: KW_ONLY
    progress: Progress
    _task: TaskID = field(default=TaskID(0), init=False)

    def begin(self) -> None:
        self._task = self.progress.add_task(self.step.title, total=1, detail="")

    def update(self, output: bytes) -> None:
        self.progress.update(self._task, detail=self.step.detail(output), refresh=True)

    def end(self) -> None:
        self.progress.update(self._task, completed=1, detail="", refresh=True)
