"""Replacing the secret, while sessions go on."""

from __future__ import annotations

from pathlib import Path

from tests.support.browser import Browser
from tests.support.server import running

OLD = "the first secret of this app without a comma in it"
NEW = "the second secret of this app that replaces the first"


def moved(browser: Browser, to: Browser) -> Browser:
    to.cookies = dict(browser.cookies)
    return to


def key_of(browser: Browser) -> str:
    return str(browser.get("/api/auth/token").json()["header"]["kid"])


def test_sessions_survive_a_new_secret_until_the_old_one_is_removed(
    tmp_path: Path,
) -> None:
    with running(tmp_path, AUTH_SECRET=OLD) as server:
        kept, renewed = Browser(server), Browser(server)
        kept.log_in()
        renewed.log_in("jane_admin")
        token, old = renewed.csrf(), key_of(renewed)

    with running(tmp_path, AUTH_SECRET=f"{NEW}, {OLD}") as server:
        kept, renewed = moved(kept, Browser(server)), moved(renewed, Browser(server))
        assert kept.session()["user"]["id"] == "john_doe"
        body = {"csrfToken": token, "data": {"name": "Rotated"}}
        assert key_of(renewed) == old
        assert renewed.post("/api/auth/session", json=body).status_code == 200
        assert key_of(renewed) != old
        renewed.csrf()

    with running(tmp_path, AUTH_SECRET=NEW) as server:
        kept, renewed = moved(kept, Browser(server)), moved(renewed, Browser(server))
        assert kept.session() is None
        assert renewed.session()["user"]["name"] == "Rotated"
        assert renewed.get("/").status_code == 200
