"""A sign-in at a provider links no user that an administrator acts as."""

from __future__ import annotations

from dataclasses import replace

from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.one_time import LoginTicket
from authdemo.sessions.providers import Credentials
from tests.oidc.steps import query_of
from tests.sessions.providers.house import open_house
from tests.support.house import ADA, GRACE, Person


async def test_administrator_who_acts_as_a_user_links_nothing_to_them(tmp_path, provider, cheat):
    seen = []

    def find(identity):
        seen.append(identity.linked_user)
        return GRACE

    ways = Credentials(authorize=lambda _: GRACE), replace(provider, user=find)
    may = Callbacks(impersonate=lambda **_: True)
    async with open_house(
        tmp_path, *ways, user=Person, callbacks=may, find_user=lambda _: ADA
    ) as house:
        await house.post("callback/credentials")
        (own,) = await house.engine.sessions.list_by_user("grace")
        ticket = LoginTicket(
            user=house.engine.sessions.schema.adopt(ADA, {}),
            started_at=house.clock(),
            account={},
            callback_url="/",
            reason="Ticket 4711",
            actor_sid=own.id,
        )
        body = {
            "csrfToken": (await house.visitor.get("/api/auth/csrf")).json()["csrfToken"],
            "ticket": await house.engine.tickets.put(ticket),
        }
        assert (await house.visitor.post("/api/auth/ticket", json=body)).status_code == 200
        assert (await house.visitor.get("/api/auth/session")).json()["user"]["id"] == "ada"
        answer = query_of(cheat.authorize(await house.go("oidc")))
        await house.oauth_callback("oidc", answer)
        assert seen == [None]
        assert (await house.visitor.get("/api/auth/session")).json()["user"]["id"] == "grace"
