"""Two workers that share a PostgreSQL with accounts."""

from __future__ import annotations

from authdemo.testing import wait_until
from tests.redis.workers import tabs_on_both
from tests.support.browser import Browser
from tests.support.server import Server
from tests.support.tab import REGISTER_STATE, SESSION_STATE

BY_ANY_WORKER = {"Connection": "close"}
FORM = {"id": "mary", "name": "Mary", "email": "mary@example.org", "password": "a gilded cage"}


def test_concurrent_registrations_of_one_id_create_one_account(server: Server) -> None:
    browser = Browser(server)
    browser.get("/register")
    with tabs_on_both(server, browser) as tabs:
        for number, tab in enumerate(tabs):
            asked = {**FORM, "id": "Mary" if number % 2 else "mary"}
            tab.call(f"{REGISTER_STATE}.register", form=asked)
        wait_until(lambda: all(tab.errors or tab.var(SESSION_STATE, "ticket") for tab in tabs))
        tickets = [ticket for tab in tabs if (ticket := tab.var(SESSION_STATE, "ticket"))]
        refusals = [tab.errors["id"]["reason"] for tab in tabs if tab.errors]
    assert refusals == ["taken"] * (len(tabs) - 1)
    assert browser.redeem(tickets[0], headers=BY_ANY_WORKER).status_code == 200
    made = browser.session()["user"]["id"]
    for account, password in ((made, FORM["password"]), ("john_doe", "tutorial")):
        for _ in range(4):
            assert Browser(server).log_in(account, password).status_code == 200
