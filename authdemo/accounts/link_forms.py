"""The pages that links in mails lead to, and the forms that request such links.

A page only looks at its link. What the link is for happens when its button is pressed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions import Auth, AuthError, public
from authdemo.sessions.components import (
    home_link,
    password_field,
    pending_until_navigation,
    script,
    username_field,
)
from authdemo.sessions.locales import explain, live_text, t
from authdemo.sessions.providers import SignInRequest

from .errors import LinkRejected
from .form_state import PendingMixin
from .link_tokens import RESET, SIGN_IN, VERIFY
from .links import PROVIDER, Link
from .passwords import MIN_CHARACTERS, folded, read_email
from .service import installed


class LinkMixin(PendingMixin, mixin=True):
    """A form of the tab, and the link that led to its page; the token stays on the server.

    Attributes:
        done: Whether it is done: a mail is requested, or a link used.
        is_delayed: Whether mails wait because the mail server can't be reached.
        kind: What the link is for; empty if there is none.
        account_id: The account of the link.
        email: The address of the link, or the one that a mail is on its way to.
        is_read: Whether the server has the token, so that it can leave the address.
    """

    done: bool = False
    is_delayed: bool = False
    kind: str = ""
    account_id: str = ""
    email: str = ""
    is_read: bool = False
    _token: str = ""

    def _rest(self) -> None:
        super()._rest()
        self.done, self.is_delayed = False, False

    def _show(self, link: Link | None) -> None:
        self.kind = link.kind if link else ""
        self.account_id = link.account_id if link else ""
        self.email = link.email if link else ""

    def _take_token(self) -> str:
        """Keep the token of the address: after a reload the address has none."""
        self._rest()
        self._token = self.router.url.query_parameters.get("token") or self._token
        self.is_read = bool(self._token)
        return self._token

    def _reject(self, error: AuthError) -> None:
        super()._reject(error)
        if isinstance(error, LinkRejected):
            self._token = ""
            self._show(None)

    async def _request(
        self, form: dict[str, Any], kind: str, send: Callable[[str], Awaitable[object]]
    ) -> None:
        """Have a mail sent to the address of a form, within the limit of its kind."""
        with self._reporting():
            address = read_email(form.get("email"))
            await Auth.installed().limit_mail(self, folded(address), kind)
            await send(address)
            await self._note_sent(address)

    async def _note_sent(self, address: str) -> None:
        self.email, self.done = address, True
        self.is_delayed = await installed().mail.is_delayed()


@public
class ForgotState(LinkMixin, rx.State):
    """The form that requests a link to reset the password."""

    @rx.event
    async def send(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Request the link; what happens doesn't depend on whether there is an account."""
        self.pending, self.done = True, False
        yield
        auth = Auth.installed()
        where = {"origin": auth.origin(self), "language": auth.language(self)}
        await self._request(form, RESET.name, partial(installed().links.request_reset, **where))


@public
class ResetState(LinkMixin, rx.State):
    """The form for a new password."""

    passkeys: int = 0

    @rx.event
    async def look(self) -> None:
        """Look at the link, and count the passkeys of its account."""
        token = self._take_token()
        with self._reporting():
            link = await installed().links.look(token, RESET)
            self.passkeys = len(await installed().passkeys.of(link.account_id))
            self._show(link)

    @rx.event
    async def set_password(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Set the password, and end all sessions of the account."""
        self.pending = True
        yield
        with self._reporting():
            await installed().links.reset_password(
                self._token,
                form.get("password"),
                keep_passkeys=bool(form.get("keep_passkeys")),
            )
            self._token, self.done = "", True


@public
class VerifyState(LinkMixin, rx.State):
    """The button that verifies, changes or restores an address."""

    is_elsewhere: bool = False

    @rx.event
    async def look(self) -> None:
        """Look at the link, and whether it needs another session."""
        token = self._take_token()
        with self._reporting():
            link = await installed().links.look(token)
            self.is_elsewhere = not link.is_open_to(await self._user_id())
            self._show(link)

    @rx.event
    async def follow(self) -> AsyncIterator[None]:
        """Do what the link is for."""
        self.pending = True
        yield
        with self._reporting():
            await installed().links.follow(self._token, await self._user_id())
            self._token, self.done = "", True

    async def _user_id(self) -> str:
        session = await Auth.installed()(self)
        return session.user.id if session and session.actor is None else ""


@public
class SignInLinkState(LinkMixin, rx.State):
    """The form that requests a sign-in link, and the button that signs in by one."""

    is_elsewhere: bool = False

    @rx.event
    async def look(self) -> None:
        """Look at the link, or say that one is on its way."""
        token, auth = self._take_token(), Auth.installed()
        self._show(None)
        if not token:
            if self.router.url.query_parameters.get("provider") == PROVIDER:
                await self._note_sent("")
            return
        with self._reporting():
            link = await installed().links.look(token, SIGN_IN)
            self.is_elsewhere = not link.is_from(auth.browser(self))
            self._show(link)

    @rx.event
    async def send(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Request a link; what happens doesn't depend on whether there is an account."""
        self.pending, self.done = True, False
        yield
        auth = Auth.installed()
        asked = partial(
            SignInRequest,
            callback_url=self.router.url.query_parameters.get("callbackUrl", "/"),
            origin=auth.origin(self),
            language=auth.language(self),
            browser=auth.browser(self),
        )
        links = installed().links
        await self._request(form, PROVIDER, lambda email: links.send_sign_in(asked(email=email)))

    @rx.event
    async def sign_in(self) -> AsyncIterator[None]:
        """Sign in; in another browser the button says that the link comes from elsewhere."""
        if self.pending:
            return
        self.pending = True
        yield
        token, links = self._token, installed().links
        with self._reporting():
            link = await links.look(token, SIGN_IN)
            await links.claim(token)
            credentials = {"token": token, "confirmed": "yes" if self.is_elsewhere else ""}
            with pending_until_navigation(self):
                await Auth.installed().sign_in(
                    self,
                    credentials,
                    provider=PROVIDER,
                    callback_url=link.data.get("callback_url", "/"),
                )
            self._token = ""
        self.pending = not self.error  # until the browser has gone on


def forgot_form() -> rx.Component:
    """Make the form that requests a link to reset the password."""
    state: Any = ForgotState
    return rx.fragment(
        address_form(state.send, state, rx.el.p(t("forgot.lead"))),
        sent_notice(state, t("forgot.sent")),
        error_notice(state),
        rx.el.span(on_mount=state.clear, hidden=True),
    )


def reset_form() -> rx.Component:
    """Make the form for a new password, where the link of the mail leads."""
    state: Any = ResetState
    form = rx.el.form(
        rx.el.p(live_text(t("reset.account", id=state.account_id))),
        username_field(state.account_id),
        password_field(
            t("reset.password"),
            auto_complete="new-password",
            min_length=MIN_CHARACTERS,
            aria_invalid=state.error["field"] == "password",
            aria_describedby="reset-error",
        ),
        rx.cond(
            state.passkeys > 0,
            rx.el.label(
                rx.el.input(name="keep_passkeys", type="checkbox"),
                live_text(t("reset.keep_passkeys", count=state.passkeys)),
                class_name="auth-check",
            ),
        ),
        _submit(t("reset.go"), state),
        on_submit=state.set_password,
        no_validate=True,
        method="post",
        class_name="auth-form",
    )
    return rx.fragment(
        rx.cond(
            state.done,
            rx.fragment(
                rx.el.p(t("reset.done"), role="status"),
                rx.el.p(_link_to(t("link.log_in"), Auth.installed().engine.pages.sign_in)),
            ),
            rx.cond(state.kind != "", form),
        ),
        error_notice(state, id="reset-error"),
        _renewal(state, t("link.again"), "/forgot"),
        _hidden_token(state),
    )


def verify_form() -> rx.Component:
    """Make the button that verifies, changes or restores an address."""
    state: Any = VerifyState
    facts = {"id": state.account_id, "email": state.email}

    def by_kind(action: str) -> Any:
        names = ("change", "restore", "verify")
        change, restore, verify = (t(f"verify.{name}_{action}", **facts) for name in names)
        return rx.match(state.kind, ("change_email", change), ("restore_email", restore), verify)

    button = rx.el.form(
        rx.el.p(live_text(by_kind("text"))),
        _submit(by_kind("go"), state),
        on_submit=state.follow,
        method="post",
        class_name="auth-form",
    )
    sign_in = Auth.installed().engine.pages.sign_in
    elsewhere = rx.fragment(
        rx.el.p(live_text(t("verify.elsewhere", **facts))),
        rx.el.p(_link_to(t("link.log_in"), f"{sign_in}?callbackUrl={VERIFY.page}")),
        rx.cond(
            state.kind == VERIFY.name,
            rx.el.p(t("verify.unknown"), " ", _link_to(t("reset.title"), "/forgot")),
        ),
    )
    return rx.fragment(
        rx.cond(
            (state.kind != "") & ~state.done,
            rx.cond(state.is_elsewhere, elsewhere, button),
        ),
        rx.cond(state.done, rx.el.p(live_text(by_kind("done")), role="status")),
        error_notice(state),
        home_link(),
        _hidden_token(state),
    )


def sign_in_link_form() -> rx.Component:
    """Make the form that requests a sign-in link, and the button that signs in by one."""
    state: Any = SignInLinkState
    button = rx.el.form(
        rx.cond(
            state.is_elsewhere,
            rx.el.p(
                live_text(t("sign_in_link.elsewhere", id=state.account_id)),
                role="alert",
            ),
            rx.el.p(live_text(t("sign_in_link.here", id=state.account_id))),
        ),
        _submit(rx.cond(state.is_elsewhere, t("sign_in_link.anyway"), t("sign_in_link.go")), state),
        on_submit=state.sign_in,
        method="post",
        class_name="auth-form",
    )
    request = address_form(state.send, state, rx.el.p(t("sign_in_link.lead")))
    return rx.fragment(
        rx.cond(state.kind != "", button, request),
        sent_notice(state, t("sign_in_link.sent")),
        error_notice(state),
        _hidden_token(state),
    )


def address_form(
    send: Any, state: Any, *lead: rx.Component, label: Any = None, also: Any = None
) -> rx.Component:
    """Make a form for an address, with what is above it and beside its button."""
    go = _submit(t("link.send"), state)
    return rx.el.form(
        *lead,
        rx.el.label(
            t("link.email") if label is None else label,
            rx.el.input(
                name="email",
                type="email",
                auto_complete="email",
                required=True,
                aria_invalid=state.error["field"] == "email",
            ),
        ),
        go if also is None else rx.el.div(go, also, class_name="auth-actions"),
        on_submit=send,
        no_validate=True,
        method="post",
        class_name="auth-form",
    )


def _submit(label: Any, state: Any) -> rx.Component:
    return rx.el.button(
        live_text(label),
        type="submit",
        disabled=state.pending,
        aria_busy=state.pending,
        class_name="auth-button",
    )


def sent_notice(state: Any, text: Any) -> rx.Component:
    """Say that a mail is on its way."""
    delayed = rx.cond(state.is_delayed, rx.el.p(t("link.delayed")))
    return rx.el.div(
        rx.cond(state.done, rx.fragment(rx.el.p(live_text(text)), delayed)), role="status"
    )


def error_notice(state: Any, **attributes: Any) -> rx.Component:
    """Explain what was rejected."""
    said = rx.cond(rx.State.is_hydrated, explain(state.error), "")
    return rx.el.p(live_text(said), role="alert", class_name="auth-error", **attributes)


def _renewal(state: Any, label: Any, path: str) -> rx.Component:
    """Lead on from a link that can't be used."""
    is_rejected = state.error["code"] == LinkRejected.code
    return rx.fragment(rx.cond(is_rejected, rx.el.p(_link_to(label, path))))


def _link_to(label: Any, path: str) -> rx.Component:
    return rx.el.a(label, href=path)


class HiddenToken(rx.Fragment):
    """Takes the token out of the address."""

    is_read: rx.Var[bool]

    def _exclude_props(self) -> list[str]:
        return ["is_read"]

    def add_hooks(self) -> list[Any]:
        """Call the hook."""
        path = "$/public" + rx.asset("links.js", shared=True).partition("?")[0]
        imported = VarData(imports={path: [rx.ImportVar(tag="useHiddenToken")]})
        return [script(f"useHiddenToken({self.is_read})", self.is_read, imported)]


def _hidden_token(state: Any) -> rx.Component:
    return rx.fragment(
        rx.el.span(on_mount=state.look, hidden=True), HiddenToken.create(is_read=state.is_read)
    )
