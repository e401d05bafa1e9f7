"""The example of `examples/deploy`, by its own Dockerfile, services and Caddyfile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from authdemo.testing.browser import SESSION
from tests.behind_caddy.conftest import Deployment, visiting
from tests.e2e.visitor import Visitor, click, is_connected

PASSWORD = "a bird in a gilded cage"
JOHN = {"id": "john_doe", "name": "John Doe", "email": "john@example.org", "password": PASSWORD}
PAGES = {"/": "server-session", "/client": "client-session"}


@pytest.fixture
def visitor(deployment: Deployment) -> Iterator[Visitor]:
    with visiting(deployment.caddy) as visitor:
        yield visitor


def show(name: str, *tabs: Page) -> None:
    for tab, testid in zip(tabs, PAGES.values(), strict=False):
        expect(tab.get_by_test_id(testid)).to_have_text(name)


def fetched(tab: Page, path: str, kind: str) -> Any:
    return tab.evaluate(
        "([path, kind]) => fetch(path).then(answer => answer[kind]())", [path, kind]
    )


def test_tutorial_works_in_two_tabs_behind_caddy(deployment: Deployment, visitor: Visitor) -> None:
    home = visitor.open("/register")
    is_connected(home)
    for name, value in JOHN.items():
        home.locator(f"[name={name}]").fill(value)
    click(home, "Register")
    home.wait_for_url(visitor.url + "/")
    client = visitor.open("/client")
    for tab in (home, client):
        is_connected(tab)
    show("John Doe", home, client)
    steps = (
        (client, "Client Side Update", "Client-Man"),
        (home, "Client Side Update", "Server-Man"),
        (home, "Server Side Update", "Serverserver-man"),
    )
    for tab, button, name in steps:
        click(tab, button)
        show(name, home, client)
    assert ">Serverserver-man<" in fetched(home, "/", "text")
    (cookie,) = [each for each in visitor.context.cookies() if each["name"].endswith(SESSION)]
    assert cookie["name"] == f"__Secure-{SESSION}"
    assert (cookie["secure"], cookie["httpOnly"]) == (True, True)
    (device,) = fetched(home, "/api/auth/sessions", "json")
    assert device["ip"] == "127.0.0.1"
    click(home, "Log Out")
    for tab in (home, client):
        tab.wait_for_url(re.compile("/login"))
    visitor.log_in(home, "john_doe", PASSWORD, button="Log in")
    home.wait_for_url(visitor.url + "/")
    show("John Doe", home)


def test_pages_are_guarded_behind_caddy(deployment: Deployment) -> None:
    answer = deployment.caddy.get("/client")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?callbackUrl=/client")
    login = deployment.caddy.get("/login")
    assert "frame-ancestors" in login.headers["Content-Security-Policy"]
    assert "no-store" in login.headers["Cache-Control"]
    assert "max-age" in login.headers["Strict-Transport-Security"]


def test_app_runs_in_two_workers_without_node(deployment: Deployment) -> None:
    assert len(deployment.app.children()) == 2


def test_http_is_redirected_to_https(deployment: Deployment) -> None:
    caddy = deployment.caddy
    answer = httpx.get(f"http://127.0.0.1:{caddy.http_port}/client", headers={"Host": caddy.host})
    assert answer.status_code == 308
    assert answer.headers["Location"].startswith(f"https://{caddy.host}")
