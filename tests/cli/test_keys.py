"""`authdemo secret` and `authdemo keys`: what they make is what the settings take."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from authdemo.cli.keys import KINDS
from authdemo.cli.main import cli
from authdemo.sessions import Settings
from tests.cli.conftest import CommandLine


def run(*words: str, **environ: str) -> Result:
    return CliRunner().invoke(cli, words, env={"AUTH_SIGNING_KEYS": "", **environ})


def test_secret_is_new_each_time_and_strong_enough(tmp_path: Path) -> None:
    first, second = run("secret", "new").stdout.strip(), run("secret", "new").stdout.strip()
    assert first != second
    environ = {"AUTH_SECRET": f"{second},{first}", "AUTH_DATA_DIR": str(tmp_path)}
    assert Settings.from_environ(environ).keys.signing.secret == second.encode()
    assert len(json.loads(run("secret", "new", "--json").stdout)["secret"]) == len(first)


@pytest.mark.parametrize("kind", KINDS)
def test_new_key_is_private_and_signs(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "key.pem"
    made = json.loads(run("keys", "new", str(path), "--type", kind, "--json").stdout)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    environ = {**made, "AUTH_SECRET": "x" * 40, "AUTH_DATA_DIR": str(tmp_path)}
    signer = Settings.from_environ(environ).keys.newest_pair
    assert signer is not None
    assert signer.kid == made["kid"]


def test_existing_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("another key")
    assert run("keys", "new", str(path)).exit_code == 1
    assert path.read_text() == "another key"


def test_rotation_puts_the_new_key_in_front(tmp_path: Path) -> None:
    old, new = tmp_path / "old.pem", tmp_path / "new.pem"
    run("keys", "new", str(old))
    rotated = run("keys", "rotate", str(new), AUTH_SIGNING_KEYS=str(old))
    assert rotated.stdout.splitlines()[0] == f"AUTH_SIGNING_KEYS={new},{old}"


def test_rotation_without_a_key_explains_how_to_begin(tmp_path: Path) -> None:
    path = tmp_path / "new.pem"
    ended = run("keys", "rotate", str(path))
    assert ended.exit_code == 1
    assert "secret new" in ended.output
    assert not path.exists()


def test_rotation_leaves_a_broken_configuration_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.pem"
    ended = run("keys", "rotate", str(path), AUTH_SIGNING_KEYS=str(tmp_path / "missing.pem"))
    assert ended.exit_code == 1
    assert not path.exists()


def test_errors_are_json_for_programs(tmp_path: Path) -> None:
    authdemo = CommandLine({"AUTH_SIGNING_KEYS": ""})
    ended = authdemo.run("keys", "rotate", str(tmp_path / "new.pem"), "--json")
    assert (ended.returncode, json.loads(ended.stderr)["code"]) == (1, "Failed")
