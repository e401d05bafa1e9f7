"""`authdemo doctor`: what it asks, and what it leaves alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from authdemo.testing import free_port
from tests.cli.conftest import CommandLine
from tests.support.server import ROOT, SECRET, Server

SUBJECTS = {"configuration", "AUTH_SECRET", "AUTH_URL", "cookies", "content policy", "clock"}


def diagnosed(authdemo: CommandLine, **environ: str) -> tuple[int, dict[str, dict[str, Any]]]:
    ended = authdemo.run("doctor", "--json", **environ)
    found = {each["subject"]: each for each in json.loads(ended.stdout)}
    assert SECRET not in ended.stdout + ended.stderr
    return ended.returncode, found


def test_running_app_is_well(authdemo: CommandLine) -> None:
    status, found = diagnosed(authdemo)
    assert status == 0
    assert found.keys() >= SUBJECTS
    assert found["store"]["level"] != "error"
    assert "SQLite writes, reads and deletes" in found["store"]["meaning"]
    assert "sqlite answers, with tables of revision 0003" in found["database"]["meaning"]
    assert "outbox" in found["mail"]["meaning"]


def test_people_get_lines_with_advice_and_a_count(authdemo: CommandLine) -> None:
    ended = authdemo.run("doctor", AUTH_SECERT="mistyped")
    assert ended.returncode == 0
    assert "warning variables: Nothing reads the environment variable AUTH_SECERT." in ended.stdout
    assert "        Correct its name, or remove it.\n" in ended.stdout
    assert ended.stdout.splitlines()[-1].startswith("Errors: 0, ")
    assert "\x1b" not in ended.stdout


def test_workers_and_their_redis_are_well(workers: tuple[Server, CommandLine]) -> None:
    status, found = diagnosed(workers[1])
    assert status == 0
    assert found["store"]["meaning"].startswith("Redis ")
    assert "the store differs" in found["clock"]["meaning"]


def test_what_does_not_answer_is_an_error(tmp_path: Path) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    environ = {
        "AUTH_SECRET": SECRET,
        "AUTH_DATA_DIR": str(tmp_path),
        "REFLEX_REDIS_URL": f"redis://:hush@{nowhere}",
        "DB_URL": f"postgresql://someone:hush@{nowhere}/accounts",
        "AUTH_SMTP_URL": f"smtp://someone:hush@{nowhere}",
        "AUTH_MAIL_FROM": "app@example.org",
        "AUTH_OIDC_ID": "app",
        "AUTH_OIDC_SECRET": "hush",
        "AUTH_OIDC_ISSUER": f"http://{nowhere}",
    }
    status, found = diagnosed(CommandLine(environ))
    assert status == 1
    subjects = ("store", "database", "mail", "provider oidc")
    assert {subject: found[subject]["level"] for subject in subjects} == dict.fromkeys(
        subjects, "error"
    )
    assert "hush" not in str(found)


def test_invalid_variable_is_explained(tmp_path: Path) -> None:
    status, found = diagnosed(CommandLine({"AUTH_SECRET": "short"}))
    assert status == 1
    assert "32" in found["variables"]["meaning"]


def test_new_folder_stays_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    status, found = diagnosed(CommandLine({"AUTH_DATA_DIR": str(data)}))
    assert status == 0
    assert found["AUTH_SECRET"]["level"] == found["AUTH_DATA_DIR"]["level"] == "warning"
    assert not data.exists()


def test_folder_without_an_app_and_broken_app_are_explained(tmp_path: Path) -> None:
    environ = {"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path / "data")}
    _, found = diagnosed(CommandLine(environ, folder=tmp_path))
    assert "rxconfig.py" in found["configuration"]["meaning"]
    example = (ROOT / "examples/minimal/rxconfig.py").read_text()
    (tmp_path / "rxconfig.py").write_text(example)
    (tmp_path / "my_app").mkdir()
    (tmp_path / "my_app/my_app.py").write_text("print('hello')\nraise KeyError('AN_APPS_OWN')\n")
    status, found = diagnosed(CommandLine(environ, folder=tmp_path))
    assert status == 1
    assert "AN_APPS_OWN" in found["configuration"]["meaning"]
