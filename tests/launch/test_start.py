"""What a start says, what it builds, and what it refuses."""

from __future__ import annotations

import fcntl
import shutil
import socket
import sys

import httpx
import pytest

from authdemo.serve.settings import ServerSettings, StartError
from tests.launch.conftest import ROOT, make_project
from tests.launch.launcher import START_SECONDS, patiently

BUILDING = "Compiling the pages ..."


def interrupt_the_build(launcher):
    launcher.wait_for(BUILDING)
    launcher.press_ctrl_c()
    launcher.end()
    launcher.wait_until_all_are_gone()


def test_start_probes_the_app_again_if_the_first_probe_gets_no_answer(start):
    launcher = start(sys.executable, "-m", "tests.launch.hesitant", PYTHONPATH=str(ROOT))
    assert httpx.get(launcher.wait_until_it_runs()).is_success


def test_start_of_a_built_app_prints_its_address_alone_and_it_answers(start):
    launcher = start()
    address = launcher.wait_until_it_runs()
    assert "Home Page" in httpx.get(address).text
    launcher.press_ctrl_c()
    launcher.end()
    assert launcher.lines == [f"App running at: {address}"]


def test_changed_page_is_built_once_by_two_starts_at_a_time(start, project):
    page = project / "authdemo/authdemo.py"
    page.write_text(page.read_text().replace("Home Page", "Another Page"))
    launchers = [start(), start()]
    for launcher in launchers:
        assert "Another Page" in httpx.get(launcher.wait_until_it_runs()).text
    assert [line for each in launchers for line in each.lines].count(BUILDING) == 1


def test_start_after_an_interrupted_build_builds_again(start, project):
    page = project / "authdemo/authdemo.py"
    page.write_text(page.read_text() + "\n")
    interrupt_the_build(start())
    start().wait_for(BUILDING)


@pytest.mark.soak
def test_start_after_an_interrupted_installation_installs_again(start, project):
    packages = project / ".web/node_modules"
    shutil.rmtree(packages.parent)
    launcher = start()
    assert any(packages.exists() for _ in patiently(START_SECONDS))
    interrupt_the_build(launcher)
    assert start().wait_until_it_runs()


def test_start_after_a_failed_installation_removes_what_it_left(start, tmp_path):
    nowhere = {
        "NPM_CONFIG_REGISTRY": "http://127.0.0.1:9",
        "npm_config_cache": str(tmp_path / "cache"),
        "npm_config_fetch_retries": "0",
    }
    folder = make_project(tmp_path / "project")
    assert start(folder=folder, **nowhere).end(START_SECONDS) == 1
    half = folder / ".web/node_modules/half"
    half.mkdir(parents=True)
    assert start(folder=folder, **nowhere).end(START_SECONDS) == 1
    assert not half.exists()


def test_page_that_cannot_be_built_stops_starts_and_costs_no_installation(start, project):
    (project / "authdemo/authdemo.py").write_text("import no_such_module\n")
    installed = project / ".web/node_modules"
    found = installed.stat().st_ino
    for launcher in (start(), start()):
        assert launcher.end(60) == 1
        assert any("no_such_module" in line for line in launcher.lines)
        assert launcher.lines[-1].startswith("error: The pages could not be built")
    assert installed.stat().st_ino == found


@pytest.mark.parametrize("port", ["abc", "0", "-1", "65536", "3000.5", "٣٠٠٠", " 3000"])
def test_settings_reject_what_is_no_port(port):
    with pytest.raises(StartError) as error:
        ServerSettings.read({"PORT": port})
    assert str(error.value) == f"PORT takes a whole number from 1 to 65535, not {port!r}."


def test_wrong_port_stops_the_start_with_one_line(start):
    launcher = start(PORT="abc")
    assert launcher.end() == 1
    assert launcher.lines == ["error: PORT takes a whole number from 1 to 65535, not 'abc'."]


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0", "::1"])
def test_app_listens_at_the_configured_address(start, host):
    assert httpx.get(start(HOST=host).wait_until_it_runs()).is_success


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "x" * 64, "3000:"])
def test_host_of_another_machine_stops_the_start_with_one_line(start, host):
    launcher = start(HOST=host)
    assert launcher.end() == 1
    assert launcher.lines == [
        f"error: HOST takes an address or name of this machine, not {host!r}."
    ]


def test_invalid_number_of_workers_stops_the_start_with_one_line(start):
    launcher = start(WORKERS="many")
    assert launcher.end() == 1
    assert launcher.lines == ["error: WORKERS takes a whole number from 1 to 256, not 'many'."]


def test_unknown_database_stops_the_start_with_one_line_without_its_password(start):
    launcher = start(DB_URL="mysql://ada:secret@localhost/app")
    assert launcher.end() == 1
    (said,) = launcher.lines
    assert said.startswith("error: DB_URL takes a URL like postgresql://user:password@host:5432")
    assert "secret" not in said


def test_provider_without_its_secret_stops_the_start_with_one_line(start):
    launcher = start(AUTH_GITHUB_ID="an app")
    assert launcher.end() == 1
    assert launcher.lines == [
        "error: AUTH_GITHUB_SECRET takes the app's secret at the provider; it is not set."
    ]


def test_damaged_session_database_stops_the_start_with_one_line(start, tmp_path):
    (tmp_path / "sessions.db").write_text("garbage\n")
    launcher = start(AUTH_DATA_DIR=str(tmp_path))
    assert launcher.end() == 1
    (said,) = launcher.lines
    assert said == (
        f"error: The session database {tmp_path / 'sessions.db'} can't be used (file is not a "
        "database). Mend the file, or move it away to begin with no sessions."
    )


def test_session_database_of_another_process_stops_the_start_with_one_line(start, tmp_path):
    with (tmp_path / "sessions.db.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        launcher = start(AUTH_DATA_DIR=str(tmp_path))
        assert launcher.end() == 1
    (said,) = launcher.lines
    assert said == (
        f"error: Another process uses the session database {tmp_path / 'sessions.db'}. Stop that "
        "process, or set REFLEX_REDIS_URL, so that several processes share their sessions in Redis."
    )


@pytest.mark.parametrize(
    ("name", "bad"),
    [("HOST", "203.0.113.1"), ("AUTH_SECRET", "short"), ("DB_URL", "mysql://localhost/app")],
)
def test_start_with_a_bad_setting_leaves_no_file(start, tmp_path, name, bad):
    launcher = start(**{"AUTH_DATA_DIR": str(tmp_path / "data"), name: bad})
    assert launcher.end() == 1
    assert list(tmp_path.iterdir()) == []


def test_taken_port_stops_the_start_with_one_line(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        launcher = start(PORT=str(port))
        assert launcher.end() == 1
    assert launcher.lines == [f"error: Port {port} is taken: stop what listens there, or set PORT."]


def test_second_server_is_denied_the_port_of_the_first(start):
    port = start().wait_until_it_runs().rsplit(":", 1)[1]
    launcher = start(PORT=port)
    assert launcher.end() == 1
    assert "is taken" in launcher.lines[-1]
