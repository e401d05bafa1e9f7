"""No client's text has a line of its own in a log, or an escape sequence."""

from __future__ import annotations

import io
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authdemo.sessions.core.audit import AuditEvent, AuditTrail
from authdemo.sessions.core.record import Device
from authdemo.sessions.core.text import Printable, printable, printable_lines

texts = st.text(st.characters() | st.sampled_from("\n\r\x1b\x9b\0\x85\u2028\u2029\u202e%"))


def written(filter_: Printable, message: str, *values: object, error: bool = False) -> str:
    """Log as an app does that has a plain handler of `logging`."""
    paper = io.StringIO()
    handler = logging.StreamHandler(paper)
    record = logging.makeLogRecord({"msg": message, "args": values or None})
    if error:
        try:
            raise ValueError(*values)
        except ValueError as raised:
            record.exc_info = (type(raised), raised, raised.__traceback__)
    assert filter_.filter(record)
    handler.emit(record)
    return paper.getvalue()


@given(texts)
def test_text_is_one_line_without_escape_sequences(text: str) -> None:
    assert printable(text).isprintable()
    line = written(Printable(), "of %s", text)
    assert line.endswith("\n")
    assert line[:-1].isprintable()


@given(texts)
def test_lines_of_a_text_begin_on_the_left_only_once(text: str) -> None:
    first, *others = printable_lines(text).split("\n")
    assert all(line.isprintable() for line in (first, *others))
    assert all(line.startswith("    ") for line in others)


@given(texts)
def test_traceback_escapes_what_an_error_says(text: str) -> None:
    first, *others = written(Printable(), "It failed: %s", text, error=True).splitlines()
    assert first.isprintable()
    assert all(line.startswith(("Traceback ", "    ")) for line in others)
    assert all(line.isprintable() for line in others)


def test_long_text_is_cut_and_says_so() -> None:
    assert printable("x" * 100, 10) == "x" * 10 + "... (100 characters)"
    assert len(printable("\x1b" * 10_000_000)) < 20_000
    assert printable_lines("x\n" * 100_000).count("\n") < 500


def test_record_that_is_printable_stays_as_it_is() -> None:
    record = logging.makeLogRecord({"msg": "of %s", "args": ("Ada",)})
    Printable().filter(record)
    assert (record.msg, record.args) == ("of %s", ("Ada",))


@given(texts, texts)
def test_audit_entry_is_one_line_whatever_clients_send(text: str, other: str) -> None:
    entry = AuditEvent(kind="refused", path=text, user=other, fields=(text, other))
    assert entry.as_json().isprintable()


def test_audit_entry_is_short_whatever_clients_send() -> None:
    heard: list[AuditEvent] = []
    trail = AuditTrail(heard.append)
    long = "x" * 100_000
    entry = AuditEvent(kind="refused", path=long, user=long, detail=long, fields=(long,) * 1000)
    trail.add(entry, device=Device(user_agent=long, ip=long))
    assert len(entry.as_json()) < 20_000


@pytest.mark.parametrize("name", ["authdemo.sessions", "authdemo.sessions.audit"])
def test_package_logs_are_printable(name: str, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger(name).warning("from %s", "x\n\x1b[2JFORGED")
    assert caplog.messages == ["from x\\n\\x1b[2JFORGED"]
