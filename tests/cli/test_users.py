"""`authdemo users`: beside the running app, and without an app."""

from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from authdemo.testing import wait_until
from tests.cli.conftest import CommandLine
from tests.support.apps import write_minimal
from tests.support.browser import Browser, newest
from tests.support.mail import OutboxReader, link_in
from tests.support.second_factor import PASSWORD as OWNERS
from tests.support.second_factor import make_owner
from tests.support.server import SECRET, Server
from tests.support.tab import ROOT_STATE, Tab

RESET_STATE = f"{ROOT_STATE}.authdemo___accounts___link_forms____reset_state"
PASSWORD = "a long enough phrase"


@pytest.fixture
def name() -> str:
    """An id that no account has."""
    return f"mary-{secrets.token_hex(4)}"


def create(authdemo: CommandLine, name: str, *options: str) -> None:
    address = ("--email", f"{name}@example.org", "--password-stdin")
    ended = authdemo.run("users", "create", name, *address, *options, typed=f"{PASSWORD}\n")
    assert ended.returncode == 0, ended.stderr


def test_created_user_signs_in_and_is_listed(
    authdemo: CommandLine, browser: Browser, name: str
) -> None:
    create(authdemo, name, "--name", "Mary", "--role", "admin")
    assert browser.log_in(name, PASSWORD).status_code == 200
    found = authdemo.json("users", "list", "--search", name)
    assert [(user["id"], user["role"]) for user in found["users"]] == [(name, "admin")]
    ended = authdemo.run("users", "list", "--search", name)
    assert f"{name}@example.org" in ended.stdout
    entry = newest(browser, kind="command", reason="users.create", user=name)
    assert PASSWORD not in str(entry)
    assert PASSWORD not in browser.server.logged()


def test_rejected_account_is_explained_and_not_made(authdemo: CommandLine, name: str) -> None:
    words = ("users", "create", name, "--email", "mary@example.org", "--password-stdin")
    assert "password" in authdemo.fails(*words, typed="short\n")
    assert "role" in authdemo.fails(*words, "--role", "king", typed=f"{PASSWORD}\n")
    assert authdemo.json("users", "list", "--search", name)["users"] == []


def test_disabled_user_leaves_every_tab_and_comes_back_enabled(
    authdemo: CommandLine, browser: Browser, name: str
) -> None:
    create(authdemo, name)
    browser.log_in(name, PASSWORD)
    with Tab(browser.server, browser) as tab:
        wait_until(lambda: tab.status == "authenticated")
        assert authdemo.run("users", "disable", name).stdout == f"{name} is disabled.\n"
        wait_until(lambda: tab.status == "unauthenticated")
    assert browser.session() is None
    assert browser.log_in(name, PASSWORD).status_code == 401
    authdemo.run("users", "enable", name)
    assert browser.log_in(name, PASSWORD).status_code == 200


def test_new_role_is_in_the_session_at_once(
    authdemo: CommandLine, browser: Browser, name: str
) -> None:
    create(authdemo, name)
    browser.log_in(name, PASSWORD)
    assert authdemo.run("users", "role", name, "admin").stdout == f"{name} has the role admin.\n"
    assert browser.session()["user"]["role"] == "admin"
    assert "role" in authdemo.fails("users", "role", name, "king")
    assert authdemo.json("users", "role", name, "user") == {"id": name, "role": "user"}
    assert browser.session()["user"]["role"] == "user"


def test_lost_second_factor_is_turned_off(authdemo: CommandLine, server: Server) -> None:
    owner = make_owner(server)
    browser = Browser(server)
    assert browser.log_in(owner.id, OWNERS).json()["reason"] == "second_factor"
    ended = authdemo.run("users", "second-factor-off", owner.id, "--yes")
    assert ended.stdout == f"{owner.id} has no second factor.\n"
    assert Browser(server).log_in(owner.id, OWNERS).status_code == 200
    server.outbox.wait_for(f"{owner.id}@example.org", "Two-factor authentication is off")


def test_reset_link_sets_a_password_and_verifies_no_address(
    authdemo: CommandLine, browser: Browser, name: str
) -> None:
    create(authdemo, name)
    link = authdemo.json("users", "reset-link", name, "--origin", browser.server.url)["link"]
    assert link.startswith(f"{browser.server.url}/reset?token=")
    with Tab(browser.server, browser, path=link.removeprefix(browser.server.url)) as tab:
        tab.call(f"{RESET_STATE}.look")
        wait_until(lambda: tab.var(RESET_STATE, "account_id") == name)
        tab.call(f"{RESET_STATE}.set_password", form={"password": f"{PASSWORD} again"})
        wait_until(lambda: tab.var(RESET_STATE, "done"))
    assert browser.log_in(name, f"{PASSWORD} again").status_code == 200
    assert browser.session()["user"]["email_verified"] is False
    assert link.partition("=")[2] not in browser.server.logged()


def test_reset_link_is_mailed_and_not_shown(authdemo: CommandLine, browser: Browser) -> None:
    ended = authdemo.run("users", "reset-link", "jane_admin", "--mail")
    assert "token=" not in ended.stdout
    outbox = OutboxReader(Path(authdemo.environ["AUTH_DATA_DIR"], "outbox"))
    port = browser.server.url.rpartition(":")[2]
    link = link_in(outbox.wait_for("jane@email.email"))
    assert link.startswith(f"http://localhost:{port}/reset?token=")
    assert "doesn't exist" in authdemo.fails("users", "reset-link", "nobody_here")


def test_delete_asks_before_and_ends_the_sessions(
    authdemo: CommandLine, browser: Browser, name: str
) -> None:
    create(authdemo, name)
    browser.log_in(name, PASSWORD)
    assert authdemo.run("users", "delete", name, typed="n\n").returncode == 130
    assert browser.session() is not None
    assert authdemo.json("users", "delete", name, "--yes") == {"deleted": name}
    assert browser.session() is None
    assert "doesn't exist" in authdemo.fails("users", "delete", name, "--yes")


def test_list_has_pages(authdemo: CommandLine) -> None:
    first = authdemo.run("users", "list", "--limit", "1")
    cursor = first.stderr.split()[-1]
    second = authdemo.json("users", "list", "--limit", "1", "--after", cursor)
    assert second["users"][0]["id"] not in first.stdout
    assert "page" in authdemo.fails("users", "list", "--after", "nonsense")


def test_administrator_is_made_before_the_first_start(tmp_path: Path, name: str) -> None:
    authdemo = CommandLine({"AUTH_SECRET": SECRET, "AUTH_DATA_DIR": str(tmp_path)})
    create(authdemo, name, "--role", "admin")
    (found,) = authdemo.json("users", "list", "--search", name)["users"]
    assert found["role"] == "admin"


def test_app_without_accounts_says_so(tmp_path) -> None:
    write_minimal(tmp_path)
    own = {"ADAS_PASSWORD": PASSWORD, "AUTH_DATA_DIR": str(tmp_path / "data")}
    authdemo = CommandLine({**own, "AUTH_SECRET": PASSWORD * 3}, folder=tmp_path)
    assert "no accounts" in authdemo.fails("users", "list")
