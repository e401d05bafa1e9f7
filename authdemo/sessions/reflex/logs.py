"""Bounds and escapes what Reflex, its libraries and servers log of what browsers send."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import reflex as rx

from ..core.audit import trail
from ..core.errors import ConfigurationError
from ..core.text import make_printable, printable
from ..http.pages.policy import Policy
from .compat import DEFAULT_HANDLERS, FrontendEventExceptionState

logger = logging.getLogger("authdemo.sessions")

MAX_REPORTS = 20
"""How many errors of browsers a process logs in a minute."""

_MINUTE = 60.0
_MAX_REPORT = 2048
_MAX_SEARCHED = 500
_MAX_VIOLATIONS = 100
_OTHER_SETTINGS = {
    "eval": "SessionsPlugin(..., allow_eval=True)",
    "inline": "a file of its own in the app's assets, for this inline code",
}
_VIOLATION = re.compile(r"ContentPolicy: ([a-z-]{1,40}) ([!-~]{1,300})(?=\s|$)")
_OTHERS = re.compile(r"(reflex|socketio|engineio|asyncio|_granian|uvicorn)(_\w+)?(\..*)?")
_VALUES = re.compile(
    r": Error transforming event argument .*| Event data: .*|(?<=event queue entry for ).*"
    r"|(?<=, got )'.*'(?= of type )",
    re.DOTALL,
)


def make_reflex_printable() -> None:
    """Have these loggers escape what clients send, and leave out the values of arguments."""
    names = [name for name in logging.root.manager.loggerDict if _OTHERS.fullmatch(name)]
    make_printable(names, has_lines=True, values=_VALUES)


def write_log() -> None:
    """Write this package's log to standard error, unless the app has configured logging."""
    package = logging.getLogger("authdemo")
    if not trail.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        package.addHandler(handler)
        if package.level == logging.NOTSET:
            package.setLevel(logging.INFO)


class BrowserErrors:
    """Handles the errors that browsers report, in place of Reflex's own handler.

    Anybody can send reports, so each is escaped and cut, and a process takes `MAX_REPORTS` in a
    minute. They go to the app's own handler, or else into the log.
    """

    def __init__(self, app: rx.App, *, clock: Callable[[], float] = time.monotonic) -> None:
        otherwise: Any = app.frontend_exception_handler
        self._report = _log if otherwise in DEFAULT_HANDLERS else otherwise
        self._clock = clock
        self._violations: set[str] = set()
        self._began = -_MINUTE
        self._count = 0

    def handle(self, exception: Exception) -> None:
        """Handle one; a violation of the pages' policy is logged once, however many report it."""
        report = str(exception).rstrip()
        violation = _VIOLATION.match(report)
        line = _advice(*violation.groups()) if violation else printable(report, _MAX_REPORT)
        if not line or line in self._violations:
            return
        if self._clock() - self._began >= _MINUTE:
            self._end_minute()
            self._began = self._clock()
        self._count += 1
        if self._count > MAX_REPORTS:
            self._leave_out()
        elif violation is None:
            self._report(Exception(line))
        elif len(self._violations) < _MAX_VIOLATIONS:
            self._violations.add(line)
            logger.warning(line)

    def _leave_out(self) -> None:
        if self._count == MAX_REPORTS + 1:
            wait = self._began + _MINUTE - self._clock()
            asyncio.get_running_loop().call_later(wait, self._end_minute)

    def _end_minute(self) -> None:
        if self._count > MAX_REPORTS:
            logger.warning("%d more errors of browsers were left out.", self._count - MAX_REPORTS)
        self._count = 0


def _log(report: Exception) -> None:
    logger.error("A browser reports an error: %s", report)


def _advice(directive: str, source: str) -> str:
    """Name the setting that would allow what a browser reports; empty if there can be none."""
    needed = _OTHER_SETTINGS.get(source)
    if needed is None:
        try:
            Policy({directive: [source]})
        except ConfigurationError:
            return ""
        needed = f'SessionsPlugin(..., csp={{"{directive}": ["{source}"]}})'
    return (
        f"A browser reports that the Content-Security-Policy forbids {source} as {directive}. "
        f"If the app needs it, allow it by {needed}."
    )


@dataclass(frozen=True)
class _FirstOf:
    """A pattern that is looked for at the beginning of a report: Reflex's own take cubic time."""

    pattern: re.Pattern[str]

    def search(self, report: str) -> re.Match[str] | None:
        return self.pattern.search(report[:_MAX_SEARCHED])


def search_reports_briefly() -> None:
    """Have Reflex look at the beginning of a report to decide whether a tab reloads."""
    state: Any = FrontendEventExceptionState
    state.auto_reload_on_errors = [
        pattern if isinstance(pattern, _FirstOf) else _FirstOf(pattern)
        for pattern in state.auto_reload_on_errors
    ]
