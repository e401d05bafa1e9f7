"""The example of `examples/deploy`, by its own Dockerfile, services and Caddyfile."""

from __future__ import annotations

import httpx

from authdemo.testing.browser import SESSION
from tests.behind_caddy.conftest import Deployment
from tests.behind_caddy.steps import fetched, log_out_and_in, register_and_update
from tests.e2e.visitor import Visitor


def test_tutorial_works_behind_caddy(visitor: Visitor) -> None:
    home, _ = register_and_update(visitor)
    assert ">Serverserver-man<" in fetched(home, "/", "text")
    (cookie,) = [each for each in visitor.context.cookies() if each["name"].endswith(SESSION)]
    assert cookie["name"] == f"__Secure-{SESSION}"
    assert (cookie["secure"], cookie["httpOnly"]) == (True, True)
    (device,) = fetched(home, "/api/auth/sessions", "json")
    assert device["ip"] == "127.0.0.1"
    log_out_and_in(visitor)


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
