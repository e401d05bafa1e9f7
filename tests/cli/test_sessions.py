"""`authdemo sessions`: beside the running app, beside workers, and without an app."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from authdemo.cli.main import cli
from authdemo.testing import free_port, wait_until
from tests.cli.conftest import CommandLine, beside
from tests.cli.test_operator import issue, send
from tests.support.browser import Browser, newest, public
from tests.support.server import SECRET, Server
from tests.support.tab import Tab


def test_list_shows_the_users_sessions_and_no_secret(authdemo: CommandLine, john: Browser) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    john.log_in(headers={"X-Auth-Return-Redirect": "1", "User-Agent": firefox})
    own = public(john)
    listed = authdemo.json("sessions", "list", "john_doe")
    assert own in [session["id"] for session in listed]
    ended = authdemo.run("sessions", "list", "john_doe")
    assert own[:12] in ended.stdout
    assert "Firefox, Linux" in ended.stdout
    assert (john.token or "?") not in ended.stdout
    assert "\x1b" not in ended.stdout


def test_list_says_that_a_user_has_no_session(authdemo: CommandLine) -> None:
    ended = authdemo.run("sessions", "list", "nobody_here")
    assert ended.returncode == 0
    assert "has no session" in ended.stdout


def test_revoke_ends_all_sessions_in_every_tab(
    authdemo: CommandLine, john: Browser, other_browser: Browser
) -> None:
    other_browser.log_in()
    with Tab(john.server, john) as tab:
        wait_until(lambda: tab.status == "authenticated")
        assert authdemo.json("sessions", "revoke", "john_doe")["ended"] >= 2
        wait_until(lambda: tab.status == "unauthenticated")
    assert john.session() is None
    assert other_browser.session() is None
    entry = newest(john, kind="command", reason="sessions.revoke", user="john_doe")
    assert entry["author"] == "operator"


def test_revoke_ends_one_session_by_the_beginning_of_its_id(
    authdemo: CommandLine, john: Browser, other_browser: Browser
) -> None:
    other_browser.log_in()
    ended = authdemo.run("sessions", "revoke", "john_doe", "--id", public(john)[:12])
    assert ended.stdout == "1 session ended.\n"
    assert john.session() is None
    assert other_browser.session() is not None


def test_revoke_others_keeps_the_named_session(
    authdemo: CommandLine, john: Browser, other_browser: Browser
) -> None:
    other_browser.log_in()
    authdemo.json("sessions", "revoke", "john_doe", "--id", public(john), "--others")
    assert john.session() is not None
    assert other_browser.session() is None


def test_revoke_rejects_an_unknown_id_and_ends_nothing(
    authdemo: CommandLine, john: Browser
) -> None:
    assert "no session" in authdemo.fails("sessions", "revoke", "john_doe", "--id", "ffff")
    ended = authdemo.run("sessions", "revoke", "john_doe", "--id", "ffff", "--json")
    assert json.loads(ended.stderr)["code"] == "NotFound"
    assert john.session() is not None


def test_revoke_others_without_id_is_a_usage_error() -> None:
    arguments = ["sessions", "revoke", "john_doe", "--others"]
    assert CliRunner().invoke(cli, arguments).exit_code == 2


def test_another_secret_is_rejected_and_named(authdemo: CommandLine) -> None:
    other = "another secret of another app that is long enough"
    assert "AUTH_SECRET" in authdemo.fails("sessions", "list", "john_doe", AUTH_SECRET=other)


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1",
        "http://localhost.example",
        "ftp://localhost",
        "localhost",
        "http://[",
        "http://127.0.0.1:port",
    ],
)
def test_url_of_another_machine_gets_no_token(url: str) -> None:
    assert CliRunner().invoke(cli, ["sessions", "list", "a", "--url", url]).exit_code == 2


def test_url_finds_an_app_whose_data_folder_is_elsewhere(
    authdemo: CommandLine, server: Server, tmp_path: Path
) -> None:
    listed = authdemo.json(
        *("sessions", "list", "a", "--url", server.url), AUTH_DATA_DIR=str(tmp_path / "none")
    )
    assert listed == []
    assert not (tmp_path / "none").exists()


def test_file_in_the_data_folder_names_the_process_and_is_private(authdemo: CommandLine) -> None:
    path = Path(authdemo.environ["AUTH_DATA_DIR"], "server.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert authdemo.running is not None
    assert f":{json.loads(path.read_text())['port']}" in authdemo.running.url


def test_without_an_app_the_store_is_opened_and_closed(stopped: CommandLine) -> None:
    data = Path(stopped.environ["AUTH_DATA_DIR"])
    assert not (data / "server.json").exists()
    assert stopped.json("sessions", "list", "john_doe") == []
    assert stopped.json("sessions", "revoke", "john_doe") == {"ended": 0}


@pytest.mark.parametrize("pid", [2**22 + 1, os.getpid()], ids=["no process", "another process"])
def test_file_of_a_killed_app_is_ignored(stopped: CommandLine, pid: int) -> None:
    path = Path(stopped.environ["AUTH_DATA_DIR"], "server.json")
    path.write_text(json.dumps({"pid": pid, "port": free_port()}))
    try:
        assert stopped.json("sessions", "list", "john_doe") == []
    finally:
        path.unlink()


def test_store_of_a_running_app_that_isnt_found_stays_its_own(
    authdemo: CommandLine, server: Server
) -> None:
    path = Path(authdemo.environ["AUTH_DATA_DIR"], "server.json")
    own = path.read_text()
    path.unlink()
    try:
        assert "--url" in authdemo.fails("sessions", "list", "john_doe")
    finally:
        path.write_text(own)
        path.chmod(0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_folder_of_another_user_gets_no_files(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    environ = {"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path)}
    ended = CliRunner().invoke(cli, ["sessions", "list", "a"], env=environ)
    assert ended.exit_code == 1
    assert "belongs to another user" in ended.output
    assert [*tmp_path.iterdir()] == []


def test_token_is_used_up_for_all_workers(workers: tuple[Server, CommandLine]) -> None:
    token = issue()
    statuses = [send(workers[0], token).status_code for _ in range(12)]
    assert statuses == [200, *([401] * 11)]


def test_workers_follow_a_command_of_one_of_them(workers: tuple[Server, CommandLine]) -> None:
    server, authdemo = workers
    revoked_everywhere(server, authdemo)


def test_workers_follow_a_command_beside_them(
    workers: tuple[Server, CommandLine], tmp_path: Path
) -> None:
    server, authdemo = workers
    apart = beside(server, **{**authdemo.environ, "AUTH_DATA_DIR": str(tmp_path)})
    revoked_everywhere(server, apart)


def revoked_everywhere(server: Server, authdemo: CommandLine) -> None:
    browser = Browser(server)
    browser.log_in()
    with Tab(server, browser) as one, Tab(server, browser) as two, Tab(server, browser) as three:
        tabs = (one, two, three)
        wait_until(lambda: {tab.status for tab in tabs} == {"authenticated"})
        assert authdemo.json("sessions", "revoke", "john_doe") == {"ended": 1}
        wait_until(lambda: {tab.status for tab in tabs} == {"unauthenticated"})
