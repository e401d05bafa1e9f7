from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from authdemo.testing import server, serving

STUBBORN = """
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
os.write(1, b"here\\n")
while True:
    signal.pause()
"""


def test_an_app_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"The app has ended: [\s\S]*rxconfig"),
        serving(tmp_path),
    ):
        pytest.fail("it runs")


def test_server_that_does_not_stop_is_killed_with_its_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "_STOP_SECONDS", 0.1)
    with subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == [b"here\n"] * 2
        server.stop(process)
        assert process.stdout.read() == b"", "another process still holds the pipe"
    assert process.returncode == -signal.SIGKILL
