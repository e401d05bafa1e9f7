from __future__ import annotations

from pathlib import Path

import pytest

from authdemo.sessions.testing import serving


def test_an_app_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match=r"The app has ended: [\s\S]*rxconfig"),
        serving(tmp_path),
    ):
        pytest.fail("it runs")
