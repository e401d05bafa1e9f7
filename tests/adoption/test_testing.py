"""The guide on testing, followed to the letter in the app of the guide on installation."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.adoption.conftest import exports, run
from tests.docs.markdown import GUIDES, blocks
from tests.support.server import ROOT

IGNORED = shutil.ignore_patterns("__pycache__")


def test_an_adopters_tests_run_where_the_package_is_installed(adopted: Path) -> None:
    install, start = blocks(GUIDES / "test-your-app.md", "sh")
    run(adopted, install.code)
    shutil.copytree(ROOT / "examples/minimal/tests", adopted / "tests", ignore=IGNORED)
    shutil.copy(ROOT / "examples/minimal/pytest.ini", adopted)
    said = run(adopted, exports() + start.code)
    assert re.search(r"^plugins: .*\bauthdemo\b", said, re.MULTILINE), said
    assert re.search(r"tests/test_served\.py \.", said), said
    assert re.search(r"\b19 passed\b", said), said
