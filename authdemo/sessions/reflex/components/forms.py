"""Forms: sign-in, confirmation and providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import reflex as rx

from ...core.errors import AuthError
from ...providers.credentials import Credentials
from ...providers.oidc import OpenIDConnect
from ..installed import installed
from ..protected import public
from .assets import imported, var
from .i18n import explain, live_text, t
from .session import sign_in_with, until_the_browser_goes_on, use_session


def confirm_button(
    label: Any,
    question: Any,
    action: Any,
    *,
    disabled: Any = False,
    described_by: Any = None,
    class_name: str = "button quiet",
) -> rx.Component:
    """Make a button with a dialog, which the browser's own `<dialog>` shows.

    Args:
        label: What the button says, and what the button that does it says too.
        question: What the dialog asks.
        action: What happens when it is answered with yes.
        disabled: Whether there is nothing to do now.
        described_by: The id of the element that says what it is for, where others are called
            the same.
        class_name: The look of the button.

    Returns:
        The button and its dialog.
    """
    return rx.fragment(
        rx.el.button(
            _shown(label),
            type="button",
            disabled=disabled,
            class_name=class_name,
            aria_haspopup="dialog",
            aria_describedby=described_by,
            custom_attrs={"onClick": _script("openDialog")},
        ),
        rx.el.dialog(
            rx.el.p(_shown(question)),
            rx.el.div(
                rx.el.button(
                    t("dialog.cancel"), type="button", auto_focus=True, class_name="button quiet"
                ),
                rx.el.button(_shown(label), type="button", on_click=action, class_name="button"),
                class_name="actions",
            ),
            class_name="dialog",
            aria_label=question,
            custom_attrs={"onClick": _script("closeDialog")},
        ),
    )


def _shown(text: Any) -> Any:
    return live_text(text) if isinstance(text, rx.Var) else text


def _script(name: str) -> Any:
    return var(name, Any, imported("dialog.js", name))


_KNOWN = (
    "AccessDenied",
    "CallbackFailed",
    "CredentialsSignin",
    "MissingCSRF",
    "OAuthCallbackError",
    "Offline",
    "RequestRejected",
    "SessionRequired",
    "SignInOutdated",
    "StoreUnavailable",
    "TicketRejected",
    "TooManyAttempts",
)
"""The errors that bring a visitor to the sign-in page, and that the catalogs can explain."""

_COMPLETION = {"id": "username", "email": "email", "password": "current-password"}
_STYLE = """
:root { color-scheme: light dark; }
.auth-page { font: 1rem/1.5 system-ui, sans-serif; max-width: 22rem; margin: 12vh auto; padding: 0 1rem; }
.auth-page h1 { font-size: 1.5rem; font-weight: 700; }
.auth-page form, .auth-page label { display: grid; gap: .375rem; }
.auth-page form { gap: 1rem; margin-block: 1.5rem; }
.auth-page input, .auth-page button { font: inherit; min-height: 2.75rem; padding: .5rem .75rem; border-radius: .5rem; }
.auth-page input { border: 1px solid GrayText; }
.auth-page button { border: 0; background: #1d4ed8; color: #fff; cursor: pointer; }
.auth-page button:disabled { opacity: .6; }
.auth-page .ways { display: grid; gap: .75rem; margin-block: 1.5rem; }
.auth-page .quiet { border: 1px solid GrayText; background: none; color: inherit; }
.auth-page [role=alert] { color: light-dark(#b91c1c, #fca5a5); }
"""  # noqa: E501 - a style sheet


def sign_in_error(query: Mapping[str, str]) -> dict[str, str]:
    """Read what brought a visitor to the sign-in page (Auth.js: the query's `error` and `code`).

    Args:
        query: The parameters in the page's address, `self.router.url.query_parameters`.

    Returns:
        The facts of the error, for `explain`; empty if there was none.
    """
    error = query.get("error", "")
    if error in _KNOWN:
        return {"code": error, "reason": query.get("code", "")}
    return {"code": "Unknown"} if error else {}


@public
class SignInState(rx.State):
    """The sign-in form."""

    pending: bool = False
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    def explain(self) -> None:
        """Explain the error that brought the visitor here."""
        self.pending = False
        self.error = sign_in_error(self.router.url.query_parameters)

    @rx.event
    async def sign_in(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Sign in with what the form holds; a second click counts for nothing."""
        if self.pending:
            return
        self.pending, self.error = True, {}
        yield
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        try:
            with until_the_browser_goes_on(self):
                await installed().sign_in(self, form, callback_url=wanted)
        except AuthError as error:
            self.error = error.to_dict()


@public
class ConfirmState(rx.State):
    """The form that asks a member for the password again."""

    has_password: bool = True
    provider: str = ""
    pending: bool = False
    error: rx.Field[dict[str, Any]] = rx.field(default_factory=dict)

    @rx.event
    async def look(self) -> None:
        """See how the member signed in."""
        self.pending, self.error = False, {}
        try:
            provider, _ = await installed().current_account(self)
        except AuthError as error:
            self.error = error.to_dict()
        else:
            self.has_password = isinstance(provider, Credentials)
            self.provider = provider.id if isinstance(provider, OpenIDConnect) else ""

    @rx.event
    async def confirm(self, form: dict[str, Any]) -> AsyncIterator[Any]:
        """Check the password, and go back to where it was asked for."""
        if self.pending:
            return
        self.pending, self.error = True, {}
        yield
        try:
            with until_the_browser_goes_on(self):
                await self._prove(form)
        except AuthError as error:
            self.error = error.to_dict()

    @rx.event
    async def start_again(self) -> None:
        """Sign out, so that the member can sign in another way."""
        await installed().sign_out(self)

    async def _prove(self, form: dict[str, Any]) -> None:
        auth = installed()
        provider, account = await auth.current_account(self)
        await auth.confirm(self, {**form, **account}, provider=provider.id)
        await auth.lead(self, self.router.url.query_parameters.get("callbackUrl", "/"))


def sign_in_form(fields: Sequence[str] | None = None) -> rx.Component:
    """Make the form that signs in with credentials.

    Args:
        fields: The names of the fields; those of the app's `Credentials` by default.

    Returns:
        The form, with what went wrong beneath it.
    """
    names = fields or _fields()
    return rx.fragment(
        rx.el.form(
            *(_input(name) for name in names),
            _submit(t("signin.go"), SignInState.pending),
            on_submit=SignInState.sign_in,
            on_mount=SignInState.explain,
            method="post",
            class_name="card form",
        ),
        _alert(SignInState.error),
    )


def provider_buttons() -> rx.Component:
    """Make a button for each provider elsewhere that the app signs in with.

    Returns:
        The buttons, with what went wrong beneath them.
    """
    ways = [way for way in installed().providers.values() if not isinstance(way, Credentials)]
    if not ways:
        return rx.fragment()
    buttons = [
        rx.el.button(
            t("signin.with", name=way.name),
            on_click=sign_in_with(way.id),
            type="button",
            class_name="button quiet",
        )
        for way in ways
    ]
    return rx.fragment(rx.el.div(*buttons, class_name="ways"), _alert(use_session().error))


def confirm_form() -> rx.Component:
    """Make the form that asks a member for the password again.

    Returns:
        The form, with what went wrong beneath it. Who came from an OpenID provider is sent
        there to prove it; who came from another is told that it takes another way.
    """
    return rx.fragment(
        rx.cond(
            ConfirmState.has_password,
            rx.fragment(
                rx.el.p(t("confirm.why"), class_name="lead"),
                rx.el.form(
                    _input("password"),
                    _submit(t("confirm.go"), ConfirmState.pending),
                    on_submit=ConfirmState.confirm,
                    method="post",
                    class_name="card form",
                ),
            ),
            _other_proof(),
        ),
        rx.el.span(on_mount=ConfirmState.look, hidden=True),
        _alert(ConfirmState.error),
    )


def noscript_notice() -> rx.Component:
    """Say to a browser that runs no scripts why nothing on the page works.

    Returns:
        A text that no other browser shows.
    """
    return rx.el.noscript(rx.el.p(t("page.needs_scripts"), role="alert"))


def home_link() -> rx.Component:
    """Make the way back for who is signed in, and on the sign-in page for what it says.

    Returns:
        A link to the start, which nobody else sees.
    """
    is_in = use_session().status == "authenticated"
    return rx.cond(is_in, rx.el.p(rx.el.a(t("refusal.home"), href="/")))


def no_autocorrect_attrs() -> dict[str, Any]:
    """Keep phones from changing what somebody types.

    Returns:
        An input's `custom_attrs`; a new one each time, since Reflex adds others to it.
    """
    return {"autoCapitalize": "none", "autoCorrect": "off", "spellCheck": False}


def sign_in_page() -> rx.Component:
    """Build the sign-in page of an app that has none of its own."""
    form = sign_in_form() if _fields() else rx.fragment()
    return _page(t("signin.title"), form, provider_buttons(), home_link())


def confirm_page() -> rx.Component:
    """Build the page that asks for the password again, for an app that has none of its own."""
    return _page(t("confirm.title"), confirm_form())


def _page(title: Any, *parts: rx.Component) -> rx.Component:
    head = rx.el.style(_STYLE), rx.el.h1(title), noscript_notice()
    return rx.el.main(*head, *parts, class_name="auth-page")


def _input(name: str) -> rx.Component:
    return rx.el.label(
        t(f"signin.{name}") if name in _COMPLETION else name.replace("_", " ").capitalize(),
        rx.el.input(
            name=name,
            type=name if name in ("password", "email") else "text",
            auto_complete=_COMPLETION.get(name, "on"),
            required=True,
            **({} if name in ("password", "email") else {"custom_attrs": no_autocorrect_attrs()}),
        ),
    )


def _other_proof() -> rx.Component:
    again = sign_in_with(ConfirmState.provider, again=True)
    return rx.cond(
        ConfirmState.provider != "",
        rx.fragment(_plain(t("confirm.again"), again), _alert(use_session().error)),
        rx.fragment(
            rx.el.p(t("confirm.other")),
            _plain(t("confirm.leave"), ConfirmState.start_again),
        ),
    )


def _plain(label: Any, on_click: Any) -> rx.Component:
    return rx.el.button(label, on_click=on_click, type="button", class_name="button")


def _submit(label: Any, pending: Any) -> rx.Component:
    is_early = ~rx.State.is_hydrated
    return rx.el.button(label, type="submit", disabled=is_early | pending, class_name="button")


def _alert(error: Any) -> rx.Component:
    return rx.cond(error.length() > 0, rx.el.p(live_text(explain(error)), role="alert"))


def _fields() -> tuple[str, ...]:
    ways = installed().providers.values()
    return next((way.fields for way in ways if isinstance(way, Credentials)), ())
