"""`/admin`: other people's roles and sessions, for administrators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import reflex as rx

from authdemo.auth import accounts, auth
from authdemo.sessions import protected, use_session
from authdemo.sessions.components import confirm_button
from authdemo.sessions.locales import live_text, t, verbatim
from authdemo.ui.buttons import action_button, refusal
from authdemo.ui.layout import layout
from authdemo.ui.pending_mixin import PendingMixin


@protected(roles="admin")
class AdminState(PendingMixin, rx.State):
    """Everyone who has an account."""

    people: rx.Field[list[dict[str, str]]] = rx.field(default_factory=list)

    @rx.event
    async def look(self) -> AsyncIterator[None]:
        """Look who there is."""
        self._begin()
        yield
        with self._reporting():
            self.people = await _everyone()

    @rx.event
    async def change_role(self, account_id: str, role: str) -> AsyncIterator[None]:
        """Change a role: every session of its owner follows at once."""
        async for _ in self._do(lambda: _change_role(account_id, role)):
            yield

    @rx.event
    async def end_sessions(self, account_id: str) -> AsyncIterator[None]:
        """End all sessions of a user."""
        async for _ in self._do(lambda: _end_sessions(account_id)):
            yield

    async def _do(self, act: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
        """Do something, and show what is so then, whether or not it was refused."""
        self._begin()
        yield
        with self._reporting():
            await act()
        with self._reporting():
            self.people = await _everyone()


async def _change_role(account_id: str, role: str) -> None:
    member = await accounts.get(account_id)
    await accounts.update(member.id, role=role)


async def _end_sessions(account_id: str) -> None:
    member = await accounts.get(account_id)
    await auth.revoke_user(member.id)


async def _everyone() -> list[dict[str, str]]:
    return [
        {
            "id": user.id,
            "role": user.role,
            "other": "user" if user.role == "admin" else "admin",
            "sessions": str(len(await auth.sessions_of(user.id))),
        }
        for user in (await accounts.search()).members
    ]


@protected(roles="admin")
def page() -> rx.Component:
    """Build the page."""
    return layout(
        "people",
        rx.el.ul(
            rx.cond(
                AdminState.people,
                rx.foreach(AdminState.people, _person),
                rx.cond(
                    AdminState.error,
                    rx.fragment(),
                    rx.el.li(t("people.loading"), class_name="empty"),
                ),
            ),
            aria_busy=AdminState.pending,
            class_name="card people",
        ),
        refusal(AdminState.error),
        refusal(use_session().event_error),
    )


def _person(person: Any) -> rx.Component:
    act: Any = AdminState
    name_id = "person-" + person["id"].to(str)
    return rx.el.li(
        rx.el.p(
            rx.el.strong(person["id"], id=name_id, custom_attrs=verbatim()),
            " ",
            rx.el.span(person["role"], class_name="badge", custom_attrs=verbatim()),
        ),
        rx.el.p(live_text(t("people.sessions", sessions=person["sessions"])), class_name="caption"),
        rx.el.div(
            action_button(
                t("people.make", role=person["other"]),
                act.change_role(person["id"], person["other"]),
                pending=AdminState.pending,
                described_by=name_id,
            ),
            confirm_button(
                t("people.end"),
                t("people.ask", name=person["id"]),
                act.end_sessions(person["id"]),
                disabled=~rx.State.is_hydrated,
                described_by=name_id,
            ),
            class_name="actions",
        ),
    )
