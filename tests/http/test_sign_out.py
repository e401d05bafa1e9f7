"""Signing out over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from authdemo.testing import set_cookies
from authdemo.testing.browser import SESSION
from tests.support.browser import Browser


def test_sign_out_ends_the_session_and_deletes_the_cookie(john: Browser) -> None:
    answer = john.log_out(callbackUrl="/login")
    assert (answer.status_code, answer.json()) == (
        200,
        {"url": f"{john.server.url}/login"},
    )
    assert john.token is None
    assert john.session() is None


def test_plain_form_is_redirected(john: Browser) -> None:
    answer = john.post(
        "/api/auth/signout",
        data={"csrfToken": john.csrf(), "callbackUrl": "//evil.example"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, john.server.url)


def test_copied_cookie_of_an_ended_session_reads_null(john: Browser) -> None:
    thief = john.copy()
    john.log_out()
    answer = thief.get("/api/auth/session")
    assert answer.json() is None
    assert [(name, value) for name, value, _ in set_cookies(answer)] == [(SESSION, "")]


def test_copied_cookie_of_an_ended_session_opens_and_changes_nothing(john: Browser) -> None:
    thief = john.copy()
    token = john.csrf()
    john.log_out()
    assert thief.copy().get("/").status_code == 303
    stale = thief.post("/api/auth/session", json={"csrfToken": token, "data": {"name": "Ghost"}})
    assert stale.status_code in (401, 403)
    assert thief.get("/api/auth/sessions").status_code == 401


def test_sign_out_of_anonymous_is_harmless(browser: Browser) -> None:
    assert browser.log_out().status_code == 200
    assert browser.log_out().json() == {"url": browser.server.url}


def test_sign_out_ends_no_other_session(john: Browser, other_browser: Browser) -> None:
    other_browser.log_in()
    john.log_out()
    assert other_browser.session()["user"]["id"] == "john_doe"


def test_reads_that_race_with_signing_out_cannot_revive_it(john: Browser) -> None:
    john.update({"name": "Raced"})
    readers = [john.copy() for _ in range(12)]
    with ThreadPoolExecutor(7) as pool:
        reads = [pool.submit(reader.get, "/api/auth/session") for reader in readers[:6]]
        ended = pool.submit(john.log_out)
        reads += [pool.submit(reader.get, "/api/auth/session") for reader in readers[6:]]
        assert ended.result().status_code == 200
        assert all(read.result().status_code == 200 for read in reads)
    assert john.token is None
    for reader in readers:
        assert reader.session() is None


def test_updates_that_race_with_signing_out_cannot_revive_it(john: Browser) -> None:
    request = {"csrfToken": john.csrf(), "data": {"name": "Too late"}}
    writers = [john.copy() for _ in range(6)]
    with ThreadPoolExecutor(7) as pool:
        writes = [pool.submit(writer.post, "/api/auth/session", json=request) for writer in writers]
        pool.submit(john.log_out).result()
        assert {write.result().status_code for write in writes} <= {200, 401, 403}
    for writer in writers:
        assert writer.session() is None
