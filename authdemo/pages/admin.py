"""`/admin`: other people's accounts and sessions, for administrators."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from typing import Any

import reflex as rx

from authdemo.accounts import PendingMixin
from authdemo.auth import accounts, auth
from authdemo.sessions import ActiveSession, protected, use_session
from authdemo.sessions.components import confirm_button
from authdemo.sessions.locales import live_text, relative_time, t, verbatim
from authdemo.ui.buttons import action_button, refusal, submit_button
from authdemo.ui.feedback import LIVE, ToastWhen
from authdemo.ui.layout import layout

PAGE_SIZE = 20


@protected(roles="admin")
class AdminState(PendingMixin, rx.State):
    """A page of the accounts that were searched for, and the sessions of one of them."""

    people: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    text: str = ""
    cursors: rx.Field[list[str]] = rx.field(default_factory=list)
    cursor: str = ""
    opened: str = ""
    sessions: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    sent: int = 0

    @rx.event
    async def look(self) -> AsyncIterator[None]:
        """Show the first page."""
        self.text, self.cursors, self.opened, self.sent = "", [], "", 0
        async for _ in self._do():
            yield

    @rx.event
    async def search(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Show the first page of what begins like a text."""
        self.text, self.cursors, self.opened = str(form.get("text", "")), [], ""
        async for _ in self._do():
            yield

    @rx.event
    async def turn(self, forward: bool) -> AsyncIterator[None]:  # noqa: FBT001
        """Show the next page, or the one before."""
        self.cursors = [*self.cursors, self.cursor] if forward else self.cursors[:-1]
        self.opened = ""
        async for _ in self._do():
            yield

    @rx.event
    async def open(self, account_id: str) -> AsyncIterator[None]:
        """Show the sessions of an account, or no longer."""
        self.opened = "" if self.opened == account_id else account_id
        async for _ in self._do():
            yield

    @rx.event
    async def change_role(self, account_id: str, role: str) -> AsyncIterator[None]:
        """Change a role: every session of its owner follows at once."""
        own = (await auth.require_session(self)).user.id
        async for _ in self._do(accounts.administration.change_role(account_id, role, by=own)):
            yield

    @rx.event
    async def disable(self, account_id: str) -> AsyncIterator[None]:
        """Disable an account: its sessions end."""
        own = (await auth.require_session(self)).user.id
        async for _ in self._do(accounts.administration.disable(account_id, by=own)):
            yield

    @rx.event
    async def enable(self, account_id: str) -> AsyncIterator[None]:
        """Enable an account again."""
        async for _ in self._do(accounts.update(account_id, disabled=False)):
            yield

    @rx.event
    async def end_sessions(self, account_id: str) -> AsyncIterator[None]:
        """End all sessions of a user."""
        async for _ in self._do(_end_sessions(account_id)):
            yield

    @rx.event
    async def end_session(self, account_id: str, session_id: str) -> AsyncIterator[None]:
        """End one of them."""
        async for _ in self._do(auth.revoke_session(account_id, session_id)):
            yield

    @rx.event
    async def send_reset(self, account_id: str) -> AsyncIterator[None]:
        """Mail a link that resets the password."""
        sending = accounts.links.send_reset(account_id, origin=auth.origin(self))
        async for _ in self._do(sending, sent=True):
            yield

    @rx.event
    async def send_verification(self, account_id: str) -> AsyncIterator[None]:
        """Mail a link that verifies the address."""
        sending = accounts.links.send_verification(account_id, origin=auth.origin(self))
        async for _ in self._do(sending, sent=True):
            yield

    @rx.event
    async def impersonate(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Act as a user: this browser's tabs follow."""
        self._begin()
        yield
        with self._reporting():
            account_id, reason = str(form.get("account_id")), form.get("reason", "")
            await auth.impersonate(self, account_id, reason=reason)

    async def _do(
        self, act: Awaitable[object] | None = None, *, sent: bool = False
    ) -> AsyncIterator[None]:
        """Do something, and show what is so then, whether or not it was refused."""
        self._begin()
        yield
        with self._reporting():
            try:
                if act is not None:
                    await act
                    self.sent += sent
            finally:
                await self._list()

    async def _list(self) -> None:
        after = self.cursors[-1] if self.cursors else ""
        page = await accounts.search(self.text, after=after, limit=PAGE_SIZE)
        sessions = {each.id: await auth.sessions_of(each.id) for each in page.members}
        self.cursor = page.cursor
        self.people = [
            {
                **each.model_dump(include={"id", "name", "email", "role", "disabled"}),
                "verified": each.email_verified,
                "other": "user" if each.role == "admin" else "admin",
                "sessions": str(len(sessions[each.id])),
            }
            for each in page.members
        ]
        self.sessions = [_session(each) for each in sessions.get(self.opened, [])]


async def _end_sessions(account_id: str) -> None:
    member = await accounts.get(account_id)
    await auth.revoke_user(member.id)


def _session(session: ActiveSession) -> dict[str, Any]:
    return {
        "id": session.id,
        "name": session.name or session.device.name or session.device.user_agent,
        "ip": session.device.ip,
        "tabs": str(len(session.tabs)),
        "seen": session.last_seen.timestamp(),
        "actor": session.actor.name if session.actor else "",
    }


@protected(roles="admin")
def page() -> rx.Component:
    """Build the page."""
    turn: Any = AdminState.turn
    return layout(
        "people",
        _search_form(),
        rx.el.ul(
            rx.cond(
                AdminState.people,
                rx.foreach(AdminState.people, _person),
                rx.cond(
                    AdminState.error,
                    rx.fragment(),
                    rx.el.li(
                        live_text(
                            rx.cond(AdminState.pending, t("people.loading"), t("people.none"))
                        ),
                        class_name="empty",
                    ),
                ),
            ),
            aria_busy=AdminState.pending,
            class_name="card people",
        ),
        refusal(AdminState.error),
        refusal(use_session().event_error),
        ToastWhen.create(value=AdminState.sent, text=t("people.sent")),
        rx.el.nav(
            rx.cond(
                AdminState.cursors.length() > 0,
                action_button(
                    t("people.previous"), turn(forward=False), pending=AdminState.pending
                ),
            ),
            rx.cond(
                AdminState.cursor,
                action_button(t("people.next"), turn(forward=True), pending=AdminState.pending),
            ),
            aria_label=t("people.page"),
            class_name="actions",
        ),
    )


def _search_form() -> rx.Component:
    return rx.el.form(
        rx.el.label(t("people.find"), rx.el.input(name="text", type="search", max_length=320)),
        submit_button(t("people.search"), pending=AdminState.pending),
        on_submit=AdminState.search,
        role="search",
        class_name="card form search",
    )


def _person(person: Any) -> rx.Component:
    act: Any = AdminState
    name_id = "person-" + person["id"].to(str)
    is_open = AdminState.opened == person["id"]
    return rx.el.li(
        rx.el.p(
            rx.el.strong(person["id"], id=name_id, custom_attrs=verbatim()),
            " ",
            rx.el.span(person["role"], class_name="badge", custom_attrs=verbatim() | LIVE),
            rx.cond(
                person["disabled"],
                rx.el.em(live_text(t("people.disabled")), class_name="badge failed"),
            ),
        ),
        rx.el.p(
            rx.el.span(person["name"].to(str), custom_attrs=verbatim() | LIVE),
            rx.el.span(" · ", custom_attrs=verbatim()),
            rx.el.span(person["email"].to(str), custom_attrs=verbatim() | LIVE),
            rx.el.span(" · ", custom_attrs=verbatim()),
            rx.el.span(
                live_text(t("people.sessions", sessions=person["sessions"])), custom_attrs=LIVE
            ),
            class_name="caption",
        ),
        rx.el.div(
            *_changes(person, name_id),
            confirm_button(
                t("people.end"),
                t("people.ask", name=person["id"]),
                act.end_sessions(person["id"]),
                disabled=~rx.State.is_hydrated,
                described_by=name_id,
                class_name="button quiet",
            ),
            rx.el.button(
                t("people.more"),
                type="button",
                disabled=~rx.State.is_hydrated,
                on_click=act.open(person["id"]),
                aria_expanded=is_open,
                aria_describedby=name_id,
                class_name="button quiet",
            ),
            class_name="actions",
        ),
        rx.cond(is_open, _more(person, name_id)),
        key=person["id"],
    )


def _changes(person: Any, name_id: str) -> tuple[rx.Component, ...]:
    """Change what an account may do, or act as its user."""
    act: Any = AdminState
    is_other = person["id"] != use_session().user.id
    options: dict[str, Any] = {
        "pending": AdminState.pending,
        "described_by": name_id,
        "quiet": True,
    }
    confirmed: dict[str, Any] = {
        "disabled": ~rx.State.is_hydrated,
        "described_by": name_id,
        "class_name": "button quiet",
    }
    disable = confirm_button(
        t("people.disable"),
        t("people.ask_disable", name=person["id"]),
        act.disable(person["id"]),
        **confirmed,
    )
    impersonate = confirm_button(
        t("people.impersonate"),
        t("people.ask_impersonate", name=person["id"]),
        act.impersonate,
        rx.el.input(name="account_id", type="hidden", value=person["id"]),
        rx.el.label(t("people.reason"), rx.el.input(name="reason", required=True, max_length=200)),
        **confirmed,
    )
    is_user = (person["role"] != "admin") & ~person["disabled"].to(bool)
    change_role = action_button(
        t("people.make", role=person["other"]),
        act.change_role(person["id"], person["other"]),
        **options,
    )
    return (
        rx.cond(is_other, change_role),
        rx.cond(
            person["disabled"],
            action_button(t("people.enable"), act.enable(person["id"]), **options),
            rx.cond(is_other, disable),
        ),
        rx.cond(is_user, impersonate),
    )


def _more(person: Any, name_id: str) -> rx.Component:
    """List a user's sessions, and send mails."""
    act: Any = AdminState
    options: dict[str, Any] = {
        "pending": AdminState.pending,
        "described_by": name_id,
        "quiet": True,
    }
    return rx.el.div(
        rx.el.ul(
            rx.foreach(AdminState.sessions, lambda each: _session_row(person["id"], each)),
            aria_label=t("people.sessions", sessions=person["sessions"]),
        ),
        rx.el.div(
            action_button(t("people.send_reset"), act.send_reset(person["id"]), **options),
            rx.cond(
                person["verified"],
                rx.fragment(),
                action_button(
                    t("people.send_verification"),
                    act.send_verification(person["id"]),
                    **options,
                ),
            ),
            class_name="actions",
        ),
        class_name="more",
    )


def _session_row(account_id: Any, session: Any) -> rx.Component:
    act: Any = AdminState
    row_id = "session-" + session["id"].to(str)
    return rx.el.li(
        rx.el.span(
            rx.el.code(session["name"].to(str), custom_attrs=verbatim()),
            rx.el.span(" · ", custom_attrs=verbatim()),
            rx.el.code(session["ip"].to(str), custom_attrs=verbatim()),
            rx.el.span(" · ", custom_attrs=verbatim()),
            rx.el.span(live_text(t("people.tabs", tabs=session["tabs"])), custom_attrs=LIVE),
            rx.cond(
                session["actor"],
                rx.el.em(
                    live_text(t("people.actor", name=session["actor"])), class_name="badge late"
                ),
            ),
            rx.el.span(t("people.seen"), " ", relative_time(session["seen"]), class_name="when"),
            id=row_id,
        ),
        action_button(
            t("people.end_one"),
            act.end_session(account_id, session["id"]),
            pending=AdminState.pending,
            described_by=row_id,
            quiet=True,
        ),
        key=session["id"],
    )
