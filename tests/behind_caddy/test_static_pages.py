"""The example of `examples/static`: Caddy serves the pages, and Reflex only the API."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from authdemo.testing import free_port
from tests.behind_caddy.conftest import WITHOUT_NODE, StaticDeployment, visiting
from tests.behind_caddy.steps import log_out_and_in, register, register_and_update
from tests.e2e.visitor import Visitor
from tests.support.server import SECRET


@pytest.fixture
def visitor(static: StaticDeployment) -> Iterator[Visitor]:
    """A visitor of the static pages."""
    with visiting(static.caddy) as visitor:
        yield visitor


def test_tutorial_works_with_static_pages(visitor: Visitor) -> None:
    home = visitor.open("/")
    home.wait_for_url(re.compile(r"/login\?callbackUrl=(/|%2F)$"))
    expect(home.get_by_role("button", name="Log in")).to_be_visible()
    home.close()
    register_and_update(visitor, "jane_doe")
    log_out_and_in(visitor, "jane_doe")


def test_static_page_has_default_language_in_its_html(static: StaticDeployment) -> None:
    page = static.caddy.get("/login").text
    shown = page.partition("</template>")[2]
    assert "Password" in shown
    assert "{{t." not in shown
    assert "{{session." not in page


def test_static_page_shows_language_of_visitor(static: StaticDeployment) -> None:
    with visiting(static.caddy, locale="zh-CN") as visitor:
        page = visitor.open("/login")
        expect(page.get_by_role("button", name="登录", exact=True)).to_be_enabled()
        expect(page.locator("html")).to_have_attribute("lang", "zh")


def test_api_answers_beside_static_pages(static: StaticDeployment) -> None:
    answer = static.caddy.get("/api/auth/session")
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() is None


def test_page_names_paths_that_proxy_does_not_pass(visitor: Visitor) -> None:
    visitor.tolerates(re.compile("let the proxy pass /api/auth/"))
    page = visitor.open("/register")
    page.route("**/api/auth/**", lambda route: route.fulfill(content_type="text/html", body="404"))
    with page.expect_console_message(lambda said: "/csrf doesn't reach the app" in said.text):
        register(page, "grace")


def test_start_says_what_static_pages_do_not_guarantee(static: StaticDeployment) -> None:
    assert "Another server serves the pages" in static.app.logged()


def test_build_warns_of_no_page_without_text(static: StaticDeployment) -> None:
    warned = re.findall(r"The page '([^']+)' is\s+protected", static.build)
    assert {*warned} == {"index", "client"}


def test_caddy_sends_security_headers_of_static_pages(static: StaticDeployment) -> None:
    headers = static.caddy.get("/login").headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_own_server_rejects_pages_for_another_server(static: StaticDeployment) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "authdemo.serve"],
        cwd=static.app.log.parent / "app",
        env=WITHOUT_NODE | {"AUTH_SECRET": SECRET, "HOST": "127.0.0.1", "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert re.fullmatch("error: The pages in .* are built for another server.*", line)
