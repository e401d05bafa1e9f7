"""The app's log: one line an entry, whatever somebody typed."""

from __future__ import annotations

import logging

import pytest

from authdemo.logs import OneLine


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b", "\0", "\u2028", "\x85"])
def test_no_input_starts_a_line_of_its_own(mark: str) -> None:
    record = logging.makeLogRecord({"msg": "an account %s", "args": (f"x{mark}FORGED",)})
    line = OneLine().format(record)
    assert line.isprintable()
    assert line.endswith("FORGED")
