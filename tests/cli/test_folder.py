from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import ROOT, SECRET


def test_installed_command_finds_the_app_in_its_folder(tmp_path: Path) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, "-P", "-c", "from authdemo.cli.main import main; main()"),
            *("sessions", "list", "ada"),
        ],
        cwd=ROOT / "examples" / "minimal",
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AUTH_SECRET": SECRET,
            "AUTH_DATA_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == "ada has no session.\n", ended.stderr
