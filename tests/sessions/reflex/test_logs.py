"""What Reflex logs of what browsers send."""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
import reflex as rx
from reflex.app import default_frontend_exception_handler
from reflex.event import EventHandler
from reflex.state import FrontendEventExceptionState
from reflex_base.event.processor.base_state_processor import _prepare_event_payload

from authdemo.sessions.reflex.logs import (
    MAX_REPORTS,
    BrowserErrors,
    make_reflex_printable,
    search_reports_briefly,
)
from authdemo.testing import FrozenClock
from tests.docs.markdown import GUIDES, blocks
from tests.support.server import ROOT

FORGED = "harmless\n2026-01-01 00:00:00,000 INFO authdemo.sessions.audit: {}\x1b[2J"
SLOW = "TypeError: can't access property \"" * 900 + '", ' * 9000


class Lang(enum.Enum):
    EN = "en"


def errors(clock: FrozenClock, handler: Any = default_frontend_exception_handler) -> BrowserErrors:
    app: Any = SimpleNamespace(frontend_exception_handler=handler)
    return BrowserErrors(app, clock=clock)


def test_browser_error_is_one_short_line(caplog: pytest.LogCaptureFixture) -> None:
    errors(FrozenClock()).handle(Exception(FORGED + "x" * 60_000))
    (message,) = caplog.messages
    assert message.isprintable()
    assert "harmless" in message
    assert len(message) < 5000


def test_browser_errors_have_a_limit_that_says_how_many_were_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = FrozenClock()
    heard = errors(clock)

    async def send(times: int) -> None:
        for _ in range(times):
            heard.handle(Exception("x"))

    asyncio.run(send(MAX_REPORTS + 300))
    assert len(caplog.messages) == MAX_REPORTS
    clock.advance(60)
    asyncio.run(send(1))
    assert caplog.messages[MAX_REPORTS:] == [
        "300 more errors of browsers were left out.",
        "A browser reports an error: x",
    ]


def test_app_with_a_handler_of_its_own_gets_printable_reports(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[str] = []

    def hear(exception: Exception) -> None:
        heard.append(str(exception))

    errors(FrozenClock(), hear).handle(Exception(FORGED))
    assert heard[0].isprintable()
    assert not caplog.messages


def test_search_for_errors_that_reload_takes_no_time() -> None:
    search_reports_briefly()
    patterns = FrontendEventExceptionState.auto_reload_on_errors
    start = time.perf_counter()
    assert not any(pattern.search(SLOW) for pattern in patterns)
    assert time.perf_counter() - start < 1
    known = 'TypeError: can\'t access property "x", y is null\n at line 5'
    assert any(pattern.search(known) for pattern in patterns)


@pytest.mark.parametrize(
    "value", ["hunter2", "hunter2\n\x1b[2J", "hunter2: at 5: ", {"a": "hunter2"}]
)
def test_reflex_logs_no_value_that_it_can_not_convert(
    value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """Such as what comes with an upload, which no frame brings."""

    def choose(self: object, lang: Lang) -> None:
        pass

    choose.__annotations__ = {"lang": Lang}
    make_reflex_printable()
    _prepare_event_payload(EventHandler(fn=choose), {"lang": value})
    (message,) = caplog.messages
    assert "choose" in message
    assert "hunter2" not in message


class Routed(rx.State):
    query: str = "hunter2"

    @rx.var
    def number(self) -> int:
        return self.query  # type: ignore[return-value]  # such as a query that is a list


def test_reflex_logs_no_value_of_a_computed_var(caplog: pytest.LogCaptureFixture) -> None:
    """Such as what a browser says that the query of its page is."""
    make_reflex_printable()
    state: Any = type.__call__(Routed, _reflex_internal_init=True)
    state.number  # noqa: B018 - it logs
    (message,) = caplog.messages
    assert "Routed.number" in message
    assert "hunter2" not in message


@pytest.mark.parametrize("name", ["reflex.app", "reflex_base.event", "socketio.server", "asyncio"])
def test_what_others_log_begins_on_the_left_only_once(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = logging.getLogger(name)
    make_reflex_printable()
    other.error("of a client: %s", FORGED)
    _, *others = caplog.messages[0].splitlines()
    assert others
    assert all(line.startswith("    ") and line.isprintable() for line in others)
    caplog.clear()
    other.error("Received an event. Event data: {'password': 'hunter2'}")
    assert caplog.messages == ["Received an event."]


OWN_HANDLER = """
trail = logging.getLogger("authdemo.sessions.audit")
trail.addHandler(logging.StreamHandler())
trail.setLevel(logging.INFO)
"""
WRITE_LOG = """
import logging
from authdemo.sessions.core.audit import AuditEvent, log_event
from authdemo.sessions.reflex.logs import write_log
{configure}
write_log()
log_event(AuditEvent(kind="sign-in", user="ada"))
"""


@pytest.mark.parametrize(
    ("configure", "begin"),
    [
        ("", "20"),
        ("logging.basicConfig(format='own %(message)s', level=logging.INFO)", "own {"),
        (OWN_HANDLER, "{"),
    ],
)
def test_audit_trail_is_written_in_the_format_that_the_app_configures(configure, begin):
    code = WRITE_LOG.format(configure=configure)
    lines = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stderr.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith(begin)
    assert '{"kind":"sign-in","user":"ada",' in lines[0]


def test_audit_trail_has_a_file_of_its_own_as_the_guide_configures_it(tmp_path):
    block, *_ = blocks(GUIDES / "logging-and-audit.md", "python")
    code = WRITE_LOG.format(configure=block.code)
    printed = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert printed.stderr == ""
    assert json.loads((tmp_path / "audit.jsonl").read_text())["kind"] == "sign-in"
