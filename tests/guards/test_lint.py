"""What is said when protected pages are exported, for any server to serve."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.guards.conftest import copied
from tests.support import apps


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Export the app, and read what it says."""
    ended = subprocess.run(
        [sys.executable, "-m", "reflex", "export", "--frontend-only", "--no-zip"],
        cwd=copied(tmp_path_factory.mktemp("exported")),
        env=apps.environment(),
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
    )
    return " ".join((ended.stdout + ended.stderr).split())


def test_protected_pages_with_text_of_their_own_are_named(said: str) -> None:
    named = re.findall(r"The page '([^']+)' is protected, and its text is in", said)
    assert {"index", "drawer/[number]", "council", "sensitive"} <= set(named)
    assert "'Members only'" in said


@pytest.mark.parametrize("public", ["about", "post/[slug]", "unmarked", "login"])
def test_public_pages_are_not(said: str, public: str) -> None:
    assert f"The page '{public}'" not in said
