"""Passkeys on pages: a button that signs in, and a card that lists the user's own."""

from __future__ import annotations

import secrets
from typing import Any

import reflex as rx

from authdemo.sessions import AuditEvent, Auth, AuthError, ConfigurationError, protected, public
from authdemo.sessions.components import confirm_button
from authdemo.sessions.locales import explain, live_text, relative_time, t, verbatim

from .ceremonies import Challenge, rp_id_of
from .form_state import PendingMixin, only_user
from .models import PasskeyRow
from .passkeys import PROVIDER, PasskeyProvider, Passkeys

FRESH = 300
"""Seconds within which the user must have authenticated to add or remove a passkey."""

LEVEL = 2
"""The level of a session that begins with a passkey."""

_FAILURES = {
    "InvalidStateError": "known",
    "NotAllowedError": "cancelled",
    "NotSupportedError": "unsupported",
    "SecurityError": "domain",
}
"""Why a browser has no answer, by the name of its `DOMException`."""


class PasskeyCeremony(rx.Component):
    """Has the browser make or use a passkey; it shows nothing."""

    tag = "PasskeyCeremony"

    ceremony: rx.Var[dict[str, Any]]
    signal: rx.Var[dict[str, Any]]
    is_live: rx.Var[bool]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Name what happens in the browser."""
        triggers = super().get_event_triggers()
        return {**triggers, "on_offer": _nothing, "on_answer": _answer, "on_fail": _name}


def _nothing() -> tuple[()]:
    return ()


def _answer(answer: rx.Var[dict[str, Any]]) -> tuple[rx.Var[dict[str, Any]]]:
    return (answer,)


def _name(name: rx.Var[str]) -> tuple[rx.Var[str]]:
    return (name,)


class PasskeyMixin(PendingMixin, mixin=True):
    """A tab's ceremony: its challenge stays on the server, and the first answer uses it up.

    Attributes:
        ceremony: What the browser has to do: `kind`, and the `options` of its own function.
        signal: What the browser's passkey manager has to know: `method`, and its `options`.
    """

    ceremony: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    signal: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)
    _challenge: Challenge | None = None

    @rx.event
    def fail(self, name: str) -> None:
        """Explain why the browser has no answer."""
        self._take_challenge()
        self.error = {"code": "PasskeyFailed", "reason": _FAILURES.get(name, "failed")}

    def _rest(self) -> None:
        super()._rest()
        self._take_challenge()

    def _start(self, kind: str, asked: tuple[dict[str, Any], Challenge]) -> None:
        options, self._challenge = asked
        self.ceremony = {"kind": kind, "options": options}

    def _take_challenge(self) -> Challenge | None:
        challenge, self._challenge, self.ceremony = self._challenge, None, {}
        return challenge

    def _signal(self, method: str, **options: Any) -> None:
        domain = rp_id_of(Auth.installed().origin(self))
        options = {"rpId": domain, **options}
        self.signal = {"id": secrets.token_hex(8), "method": method, "options": options}

    def _reject(self, error: AuthError) -> None:
        super()._reject(error)
        if error.reason == "passkey_unknown":
            self._signal("signalUnknownCredential", **error.values)


@public
class PasskeySignInState(PasskeyMixin, rx.State):
    """Signs in by a passkey."""

    @rx.event
    async def offer(self) -> None:
        """Have the browser offer passkeys in the field for the id."""
        self._start("offer", await installed_passkeys().request(Auth.installed().origin(self)))

    @rx.event
    async def ask(self) -> None:
        """Have the browser ask for a passkey."""
        self.error = {}
        self._start("get", await installed_passkeys().request(Auth.installed().origin(self)))

    @rx.event
    async def sign_in(self, answer: dict[str, Any], remember: bool = True) -> None:  # noqa: FBT001, FBT002 - events have no keywords
        """Sign in, and go on to where the visitor wanted to go."""
        challenge = self._take_challenge()
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        with self._reporting():
            credentials = await installed_passkeys().credentials(answer, challenge)
            await Auth.installed().sign_in(
                self, credentials, provider=PROVIDER, callback_url=wanted, remember=remember
            )


@only_user
class PasskeyConfirmState(PasskeyMixin, rx.State):
    """Confirms who the user is by one of their passkeys."""

    has_passkeys: rx.Field[bool] = protected(rx.field(default=False))

    @rx.event
    @protected
    async def look(self) -> None:
        """Find out whether the user has passkeys."""
        self._rest()
        with self._reporting():
            user = (await Auth.installed().require_session(self)).user
            self.has_passkeys = bool(await installed_passkeys().of(user.id))

    @rx.event
    async def ask(self) -> None:
        """Have the browser ask for one of the user's passkeys."""
        auth = Auth.installed()
        with self._reporting():
            user = (await auth.require_session(self)).user
            self._start("get", await installed_passkeys().request(auth.origin(self), user.id))

    @rx.event
    async def confirm(self, answer: dict[str, Any]) -> None:
        """Confirm, and go back to the page that asked for it, if there is one."""
        challenge, auth = self._take_challenge(), Auth.installed()
        with self._reporting():
            credentials = await installed_passkeys().credentials(answer, challenge)
            await auth.confirm(self, credentials, provider=PROVIDER)
            if wanted := self.router.url.query_parameters.get("callbackUrl"):
                await auth.redirect_to(self, wanted)


@only_user
class PasskeysState(PasskeyMixin, rx.State):
    """The user's passkeys."""

    passkeys: rx.Field[list[dict[str, Any]]] = protected(rx.field(default_factory=list))
    is_empty: rx.Field[bool] = protected(rx.field(default=False))
    renamed: str = ""

    @rx.event
    @protected
    async def look(self) -> None:
        """List the passkeys."""
        self._rest()
        self.renamed = ""
        with self._reporting():
            await self._list()

    @rx.event
    @protected(fresh=FRESH)
    async def add(self) -> Any:
        """Have the browser make a passkey; who has a second factor has to prove that, too."""
        auth = Auth.installed()
        with self._reporting():
            session, factor = await auth.require_session(self), auth.second_factor
            if session.level < LEVEL and factor and await factor.is_required(session.user.id):
                return PasskeysState.add_with_second_factor
            self._start("create", await self._creation())
        return None

    @rx.event
    @protected(level=LEVEL, fresh=FRESH)
    async def add_with_second_factor(self) -> None:
        """Have the browser make a passkey, which is as good as both factors."""
        with self._reporting():
            self._start("create", await self._creation())

    @rx.event
    async def keep(self, answer: dict[str, Any]) -> None:
        """Keep the passkey that the browser has made."""
        challenge, auth = self._take_challenge(), Auth.installed()
        with self._reporting():
            added = await installed_passkeys().add(answer, challenge)
            auth.audit(self, AuditEvent(kind="passkey-added", user=added.account_id))
            await self._list()

    @rx.event
    def edit(self, passkey_id: str) -> None:
        """Open the form for the name of a passkey; an empty id closes it."""
        self.renamed, self.error = passkey_id, {}

    @rx.event
    async def rename(self, form: dict[str, Any]) -> None:
        """Give a passkey another name."""
        with self._reporting():
            account_id = (await Auth.installed().require_session(self)).user.id
            await installed_passkeys().rename(account_id, self.renamed, form.get("name"))
            self.renamed = ""
            await self._list()

    @rx.event
    @protected(fresh=FRESH)
    async def remove(self, passkey_id: str) -> None:
        """Remove a passkey, and have the browser's passkey manager follow."""
        auth = Auth.installed()
        with self._reporting():
            account_id = (await auth.require_session(self)).user.id
            removed = await installed_passkeys().remove(account_id, passkey_id)
            auth.audit(self, AuditEvent(kind="passkey-removed", user=account_id))
            left = await self._list()
            handle = removed.user_handle
            ids = [row.id for row in left if row.user_handle == handle]
            self._signal(
                "signalAllAcceptedCredentials", userId=handle, allAcceptedCredentialIds=ids
            )

    async def _creation(self) -> tuple[dict[str, Any], Challenge]:
        auth = Auth.installed()
        user = (await auth.require_session(self)).user
        return await installed_passkeys().creation(user, auth.origin(self))

    async def _list(self) -> list[PasskeyRow]:
        account_id = (await Auth.installed().require_session(self)).user.id
        rows = await installed_passkeys().of(account_id)
        self.passkeys, self.is_empty = [_shown(row) for row in rows], not rows
        return list(rows)


def installed_passkeys() -> Passkeys:
    """Find the passkeys of the running app.

    Raises:
        ConfigurationError: If the app has none.
    """
    provider = Auth.installed().providers.get(PROVIDER)
    if not isinstance(provider, PasskeyProvider):
        raise ConfigurationError(
            "A page has passkeys, but the app doesn't. "
            "Add accounts.passkeys.provider() to Auth(providers=...)."
        )
    return provider.passkeys


def passkey_button(
    *, remember: bool | rx.Var[bool] = True, class_name: str = "auth-button auth-quiet"
) -> rx.Component:
    """Make the button that signs in by a passkey, and below it why the last attempt failed.

    The browser also offers passkeys by itself in a field with `autocomplete="username webauthn"`.

    Args:
        remember: Whether the cookie outlives the browser; may be a var.
        class_name: The look of the button.
    """
    state: Any = PasskeySignInState
    return rx.fragment(
        rx.el.button(
            t("passkey.sign_in"),
            on_click=state.ask,
            type="button",
            disabled=~rx.State.is_hydrated,
            aria_busy=state.ceremony["kind"] == "get",
            class_name=class_name,
        ),
        _alert(state),
        _ceremony(
            state,
            on_answer=lambda answer: state.sign_in(answer, remember),
            on_offer=state.offer,
        ),
    )


def passkey_confirm_button(*, class_name: str = "auth-button auth-quiet") -> rx.Component:
    """Make the button that confirms by a passkey, for users who have one."""
    state: Any = PasskeyConfirmState
    button = rx.el.button(
        t("passkey.confirm"),
        on_click=state.ask,
        type="button",
        aria_busy=state.ceremony["kind"] == "get",
        class_name=class_name,
    )
    return rx.fragment(
        rx.cond(state.has_passkeys & rx.State.is_hydrated, button),
        _alert(state),
        _ceremony(state, on_answer=state.confirm, on_mount=state.look),
    )


def passkeys_card(*, class_name: str = "auth-card") -> rx.Component:
    """Make the card that lists the user's passkeys, adds, renames and removes them."""
    state: Any = PasskeysState
    return rx.el.section(
        rx.el.h2(t("passkey.title")),
        rx.el.p(t("passkey.lead"), class_name="auth-hint"),
        rx.el.ul(
            rx.foreach(state.passkeys, _row),
            rx.cond(state.is_empty, rx.el.li(t("passkey.none"), class_name="auth-hint")),
            aria_live="polite",
            class_name="auth-list",
            custom_attrs={"data-testid": "passkeys"},
        ),
        _alert(state),
        rx.el.div(
            rx.el.button(
                t("passkey.add"),
                on_click=state.add,
                type="button",
                disabled=~rx.State.is_hydrated,
                aria_busy=state.ceremony["kind"] == "create",
                class_name="auth-button",
            ),
            class_name="auth-actions",
        ),
        _ceremony(state, on_answer=state.keep, on_mount=state.look),
        class_name=class_name,
    )


def _row(passkey: Any) -> rx.Component:
    state: Any = PasskeysState
    name_id = "passkey-" + passkey["id"].to(str)
    name = rx.cond(passkey["name"], passkey["name"].to(str), t("passkey.unnamed"))
    facts = (
        rx.el.span(t("passkey.created"), " ", relative_time(passkey["created_at"])),
        rx.cond(
            passkey["last_used_at"],
            rx.el.span(t("passkey.used"), " ", relative_time(passkey["last_used_at"])),
        ),
        rx.cond(passkey["is_backed_up"], rx.el.span(t("passkey.synced"))),
    )
    buttons = (
        rx.el.button(
            t("passkey.rename"),
            on_click=state.edit(passkey["id"]),
            type="button",
            aria_describedby=name_id,
            class_name="auth-button auth-quiet",
        ),
        confirm_button(
            t("passkey.remove"),
            t("passkey.ask", name=name),
            state.remove(passkey["id"]),
            described_by=name_id,
        ),
    )
    shown = rx.fragment(
        rx.el.div(
            rx.el.strong(live_text(name), id=name_id, custom_attrs=verbatim()),
            rx.el.p(*facts, class_name="auth-hint auth-facts"),
        ),
        rx.el.div(*buttons, class_name="auth-actions"),
    )
    return rx.el.li(
        rx.cond(state.renamed == passkey["id"], _name_form(passkey), shown), key=passkey["id"]
    )


def _name_form(passkey: Any) -> rx.Component:
    state: Any = PasskeysState
    return rx.el.form(
        rx.el.label(
            t("passkey.name"),
            rx.el.input(
                name="name",
                default_value=passkey["name"],
                max_length=64,
                required=True,
                auto_focus=True,
                auto_complete="off",
            ),
        ),
        rx.el.div(
            rx.el.button(t("passkey.save"), type="submit", class_name="auth-button"),
            rx.el.button(
                t("dialog.cancel"),
                on_click=state.edit(""),
                type="button",
                class_name="auth-button auth-quiet",
            ),
            class_name="auth-actions",
        ),
        on_submit=state.rename,
        class_name="auth-form",
    )


def _ceremony(state: Any, **events: Any) -> rx.Component:
    on_mount = events.pop("on_mount", state.clear)
    return rx.fragment(
        rx.el.span(on_mount=on_mount, hidden=True),
        PasskeyCeremony.create(
            library=_script(),
            ceremony=state.ceremony,
            signal=state.signal,
            is_live=rx.State.is_hydrated,
            on_fail=state.fail,
            **events,
        ),
    )


def _script() -> str:
    rx.asset("webauthn.js", shared=True)  # which the other one loads
    return "$/public" + rx.asset("passkeys.js", shared=True).partition("?")[0]


def _alert(state: Any) -> rx.Component:
    said = rx.cond(rx.State.is_hydrated, explain(state.error), "")
    return rx.el.p(live_text(said), role="alert", class_name="auth-error")


def _shown(row: PasskeyRow) -> dict[str, Any]:
    return row.model_dump(include={"id", "name", "created_at", "last_used_at", "is_backed_up"})
