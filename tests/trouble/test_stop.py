"""The server stops during pushes to many tabs: soon, and without a log message."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

from tests.support.crowd import Crowd
from tests.support.server import STOP_SECONDS, running
from tests.support.tab import Tab

TABS = 40


def test_a_stop_amid_updates_is_quiet(tmp_path: Path) -> None:
    with running(tmp_path) as server, ExitStack() as stack:
        with Crowd(server) as crowd:
            updated = crowd.shared.browser
            tabs = [stack.enter_context(Tab(server, updated)) for _ in range(TABS)]
            server.process.send_signal(signal.SIGTERM)
            server.process.wait(STOP_SECONDS)
        assert not any(tab.is_open for tab in tabs)
        assert "disconnected client" not in server.logged()
