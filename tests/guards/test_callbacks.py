"""What the app's own callbacks answer, and what its visitors get."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import httpx
import pytest

from authdemo.testing import wait_until
from tests.guards.conftest import member, switched_on, with_pages_of, write
from tests.support import apps
from tests.support.browser import Browser
from tests.support.server import Server

AS_PERSON = {"Accept": "text/html"}
Decide: TypeAlias = Callable[[str], None]


@pytest.fixture(scope="module")
def failing_app(app: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, whose log may hold complaints: one of its callbacks fails."""
    folder = with_pages_of(app, tmp_path_factory.mktemp("authorized"))
    with apps.serving_built(folder, {}) as server:
        yield server


@pytest.fixture
def nobody(failing_app: Server) -> Browser:
    return Browser(failing_app)


@pytest.fixture(scope="module")
def members(failing_app: Server) -> dict[str, Browser]:
    return {account: member(failing_app, account) for account in ("ada", "grace")}


@pytest.fixture
def ada(members: dict[str, Browser]) -> Browser:
    return members["ada"]


@pytest.fixture
def grace(members: dict[str, Browser]) -> Browser:
    return members["grace"]


@pytest.fixture
def decide(failing_app: Server) -> Iterator[Decide]:
    """Choose what the callback answers."""
    sign = failing_app.log.parent / "authorized"
    yield lambda verdict: write(sign, verdict)
    sign.unlink(missing_ok=True)


def visit(browser: Browser, path: str) -> httpx.Response:
    return browser.get(path, headers=AS_PERSON)


def is_sent_to_sign_in(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.headers["Location"]) == (303, "/login?callbackUrl=/")


def test_true_leaves_it_to_the_page_s_own_rule(
    decide: Decide, nobody: Browser, ada: Browser, grace: Browser
) -> None:
    decide("open")
    assert "Members only" in visit(ada, "/").text
    assert is_sent_to_sign_in(visit(nobody, "/"))
    assert visit(ada, "/council").status_code == 403
    assert visit(grace, "/council").status_code == 200


@pytest.mark.parametrize("verdict", ["closed", "empty"])
def test_false_and_an_empty_text_let_nobody_in(
    decide: Decide, nobody: Browser, ada: Browser, verdict: str
) -> None:
    decide(verdict)
    refused = visit(ada, "/")
    assert refused.status_code == 403
    assert "Members only" not in refused.text
    assert is_sent_to_sign_in(visit(nobody, "/"))
    assert visit(ada, "/about").status_code == 200


def test_a_path_sends_everybody_there(decide: Decide, nobody: Browser, grace: Browser) -> None:
    decide("elsewhere")
    for browser, signed_in in ((nobody, False), (grace, True)):
        answer = visit(browser, "/council")
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"/about?asked=/council&signed_in={signed_in}"
        assert not answer.content
        assert visit(browser, answer.headers["Location"]).status_code == 200


def test_an_address_may_be_another_site_s(decide: Decide, grace: Browser) -> None:
    decide("abroad")
    answer = visit(grace, "/council")
    assert (answer.status_code, answer.headers["Location"]) == (303, "https://else.example/")


def test_a_coroutine_is_waited_for(
    decide: Decide, nobody: Browser, ada: Browser, grace: Browser
) -> None:
    decide("later")
    assert visit(grace, "/").status_code == 200
    assert visit(ada, "/").status_code == 403
    assert is_sent_to_sign_in(visit(nobody, "/"))


def test_one_that_raises_lets_nobody_in_and_tells_the_log_alone(
    decide: Decide, failing_app: Server, nobody: Browser, grace: Browser
) -> None:
    decide("broken")
    for browser in (nobody, grace):
        answer = visit(browser, "/")
        assert answer.status_code == 500
        assert "Members only" not in answer.text
        assert "secret cause" not in answer.text
    wait_until(lambda: "the secret cause" in failing_app.logged())
    decide("open")
    assert visit(grace, "/").status_code == 200


@pytest.mark.parametrize("way", ["/login", "/about"])
def test_sign_out_ends_the_session_if_the_redirect_callback_fails(
    failing_app: Server, way: str
) -> None:
    leaving = member(failing_app, "ada")
    thief = leaving.copy()
    with switched_on(failing_app, "lost"):
        answer = leaving.log_out(callbackUrl=way)
    assert (answer.status_code, answer.json()) == (200, {"url": failing_app.url})
    assert leaving.token is None
    assert thief.session() is None
    wait_until(lambda: "where to?" in failing_app.logged())
