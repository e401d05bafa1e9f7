"""What stops the production server of an app, each with one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from authdemo.testing import free_port
from tests.support import apps


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An app whose built pages are one blank page."""
    apps.write_minimal(tmp_path)
    pages = tmp_path / ".web" / "build" / "client"
    (pages / "assets").mkdir(parents=True)
    for name in ("index.html", "__spa-fallback.html"):
        (pages / name).write_text("<html><head></head><body></body></html>")
    return tmp_path


def complaints(app: Path, **environ: str) -> list[str]:
    """Start the server, and return the lines that it writes."""
    usual = {"ADAS_PASSWORD": "tutorial", "HOST": "127.0.0.1", "PORT": str(free_port())}
    ended = subprocess.run(
        [sys.executable, "-m", "authdemo.serve"],
        cwd=app,
        env=apps.environment() | usual | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 1
    return ended.stdout.splitlines()


def test_start_without_pages_says_how_to_build_them(app: Path) -> None:
    for page in (app / ".web").rglob("*.html"):
        page.unlink()
    (line,) = complaints(app)
    assert line.startswith("error: The pages in .web/build/client are not built.")
    assert line.endswith("python -m authdemo.serve build")


def test_start_with_short_secret_says_so(app: Path) -> None:
    (line,) = complaints(app, AUTH_SECRET="short")
    assert line.startswith("error: AUTH_SECRET has a secret of 5 bytes")


def test_start_with_bad_number_of_workers_says_what_it_takes(app: Path) -> None:
    (line,) = complaints(app, WORKERS="many")
    assert line == "error: WORKERS takes a whole number from 1 to 256, not 'many'."


def test_error_of_several_workers_is_printed_once(app: Path) -> None:
    module = app / "my_app" / "my_app.py"
    module.write_text(module.read_text().replace("auth = Auth", "sessions = Auth"))
    several = {"WORKERS": "3", "REFLEX_REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    (line,) = [each for each in complaints(app, **several) if each.startswith("error:")]
    assert "'my_app.my_app' has no 'auth'" in line
