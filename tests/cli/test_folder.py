from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.server import ROOT, SECRET


def list_sessions(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command in an app's folder."""
    return subprocess.run(
        [
            *(sys.executable, "-P", "-c", "from authdemo.cli.main import main; main()"),
            *("sessions", "list", "ada"),
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "AUTH_SECRET": SECRET,
            "AUTH_DATA_DIR": str(data),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_installed_command_finds_the_app_in_its_folder(tmp_path: Path) -> None:
    ended = list_sessions(ROOT / "examples" / "minimal", tmp_path)
    assert ended.stdout == "ada has no session.\n", ended.stderr


def test_wrong_module_in_rxconfig_is_one_line(tmp_path: Path) -> None:
    config = (ROOT / "examples" / "minimal" / "rxconfig.py").read_text()
    (tmp_path / "rxconfig.py").write_text(
        config.replace("my_app.my_app:auth", "my_app.nowhere:auth")
    )
    ended = list_sessions(tmp_path, tmp_path / "data")
    assert ended.returncode == 1
    assert ended.stderr.startswith("Error: rxconfig.py: SessionsPlugin"), ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
