"""How fast a client may update, and what it hears when it is too fast."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from authdemo.testing import wait_until
from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import Browser
from tests.support.server import Server, running
from tests.support.tab import REGISTER_STATE, SESSION_STATE, Tab


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with few updates, registrations and mails to one mailbox allowed."""
    rates = {
        "AUTH_UPDATE_RATE": "3/second",
        "AUTH_REGISTER_RATE": "2/hour",
        "AUTH_LOGIN_RATE": "8/minute",
    }
    with running(tmp_path_factory.mktemp("slow"), **rates) as server:
        yield server


def haste(browser: Browser) -> Iterator[int]:
    """Update again and again, each time with another name, and tell the status of each answer."""
    body = {"csrfToken": browser.csrf()}
    for number in range(50):
        data = {"name": f"Hasty {number}"}
        yield browser.post("/api/auth/session", json={**body, "data": data}).status_code


def test_updates_beyond_the_rate_are_refused_and_lose_nothing(slow_server: Server) -> None:
    browser = Browser(slow_server)
    browser.log_in()
    body = {"csrfToken": browser.csrf()}
    answers = [
        browser.post("/api/auth/session", json={**body, "data": {"name": f"Name {number}"}})
        for number in range(12)
    ]
    refused = [answer for answer in answers if answer.status_code == 429]
    accepted = [answer for answer in answers if answer.status_code == 200]
    assert refused
    assert len(refused) + len(accepted) == 12
    assert refused[0].headers["Retry-After"] == "1"
    assert refused[0].json()["message"] == "Too many updates at once. Wait a moment and try again."
    session = browser.session()
    assert session["rev"] == 1 + len(accepted)
    assert session["user"] == accepted[-1].json()["user"]


def test_rate_limit_of_a_session_affects_no_other_and_no_read(slow_server: Server) -> None:
    hasty, calm = Browser(slow_server), Browser(slow_server)
    hasty.log_in()
    calm.log_in()
    assert 429 in haste(hasty)
    assert hasty.session()["user"]["name"].startswith("Hasty")
    assert calm.update({"name": "Calm"}).status_code == 200


def test_update_is_accepted_after_retry_after(slow_server: Server) -> None:
    browser = Browser(slow_server)
    browser.log_in()
    answers = haste(browser)
    assert 429 in answers
    wait_until(lambda: next(answers) == 200, interval=0.1)


def test_registrations_of_one_address_are_limited(slow_server: Server) -> None:
    browser = Browser(slow_server)
    browser.get("/register")
    more = {"name": "Ada", "email": "ada@example.org", "password": "a long enough one"}
    with Tab(slow_server, browser, path="/register") as tab:
        assert tab.register(id="x", **more) == ""
        assert tab.register(id="first", **more)
        browser.redeem(tab.var(SESSION_STATE, "ticket"))
    with Tab(slow_server, browser, path="/register") as tab:
        assert tab.register(id="john_doe", **more) == ""
        assert tab.errors["id"]["reason"] == "taken"
        tab.call(f"{REGISTER_STATE}.register", form={"id": "third", **more})
        wait_until(lambda: "" in tab.errors)
        assert tab.errors[""]["code"] == "TooManyRegistrations"
    assert Browser(slow_server).log_in("first", more["password"]).status_code == 200
    assert Browser(slow_server).log_in("third", more["password"]).status_code == 401


def test_every_spelling_of_an_address_counts_for_one_mailbox(slow_server: Server) -> None:
    browser = Browser(slow_server)
    spellings = ("ada@bücher.de", "ada@xn--bcher-kva.de", "ada@bücher。de", "ada@bü\ufe0fcher.de")

    def request(email: str) -> int:
        form = {"csrfToken": browser.csrf(), "email": email}
        return browser.post("/api/auth/signin/email", data=form, headers=AS_CLIENT).status_code

    assert [request(each) for each in spellings] == [200] * 4
    assert request("ada@bü\u034fcher.de") == 429
    assert request("eve@bücher.de") == 200
