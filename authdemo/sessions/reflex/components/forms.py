"""Forms: sign-in, confirmation and providers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

import reflex as rx
from reflex.event import EventType

from ...core.errors import AccessDenied, AuthError, ErrorDict, sign_in_error
from ...http.router import BASE
from ...providers.credentials import Credentials
from ...providers.oidc import OpenIDConnect
from ..auth import Auth
from ..installed import others_serve_pages
from ..protected import public
from ..tabs.state import SessionState
from .assets import hook, imported, script, var
from .i18n import explain, live_text, t
from .password import no_autocorrect_attrs, password_field, username_field
from .session import pending_until_navigation, sign_in_with, use_session

_COMPLETION = {"id": "username", "email": "email"}


@public
class SignInState(rx.State):
    """The sign-in form."""

    pending: bool = False
    remember: bool = True
    error: rx.Field[ErrorDict] = rx.field(default_factory=dict)

    @rx.event
    def choose(self, remember: bool) -> None:  # noqa: FBT001 - a checkbox calls it
        """Choose whether the cookie outlives the browser, with any provider."""
        self.remember = remember

    @rx.event
    def explain(self) -> None:
        """Show the error that led to this page."""
        self.pending = False
        self.error = sign_in_error(self.router.url.query_parameters)

    @rx.event
    async def sign_in(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Sign in with the form's credentials; a second click does nothing."""
        if self.pending:
            return
        self.pending, self.error = True, {}
        yield
        wanted = self.router.url.query_parameters.get("callbackUrl", "/")
        remember = form.get("remember", "on" if self.remember else "off") == "on"
        try:
            with pending_until_navigation(self):
                await Auth.installed().sign_in(self, form, callback_url=wanted, remember=remember)
        except AuthError as error:
            self.error = error.to_dict()


@public
class ConfirmState(rx.State):
    """The forms that ask for another proof: on the page for it, and in a tab's dialog."""

    has_password: bool = True
    has_code: bool = False
    needs_level: bool = False
    provider: str = ""
    pending: bool = False
    error: rx.Field[ErrorDict] = rx.field(default_factory=dict)

    @rx.event
    async def look(self) -> None:
        """Find out how the user signed in, and what is asked for."""
        self.pending, self.error, auth = False, {}, Auth.installed()
        try:
            provider, _ = await auth.current_account(self)
            session = await auth.require_session(self)
            factor = auth.second_factor
            self.has_code = bool(factor and await factor.is_required(session.user.id))
        except AuthError as error:
            self.error = error.to_dict()
            return
        level = (await self._dialog()).get("level") or self._query("level") or 1
        self.needs_level = str(session.level) < str(level)
        self.has_password = isinstance(provider, Credentials) and "password" in provider.fields
        self.provider = provider.id if isinstance(provider, OpenIDConnect) else ""

    @rx.event
    async def confirm(self, form: dict[str, Any]) -> AsyncIterator[None]:
        """Check a password or a code, and go back to the page that asked for it."""
        if self.pending:
            return
        self.pending, self.error = True, {}
        yield
        try:
            with pending_until_navigation(self):
                await self._check(form)
        except AuthError as error:
            self.error = error.to_dict()

    @rx.event
    async def dismiss(self) -> None:
        """Close the dialog; the event that waits is dropped."""
        (await self.get_state(SessionState)).dismiss_proof()

    @rx.event
    def resume(self) -> None:
        """Run the event that waits: as before every event, that happens before this one."""

    @rx.event
    async def sign_out(self) -> None:
        """Sign out, so that the user can sign in another way."""
        await Auth.installed().sign_out(self)

    @rx.event
    async def change_account(self) -> None:
        """Sign out, and go to the sign-in page."""
        auth = Auth.installed()
        await auth.sign_out(self, to=auth.engine.pages.sign_in)

    async def _check(self, form: dict[str, Any]) -> None:
        auth, is_dialog = Auth.installed(), bool(await self._dialog())
        if "code" in form:
            await auth.confirm(self, {"code": form["code"]})
        else:
            provider, account = await auth.current_account(self)
            await auth.confirm(self, {**form, **account}, provider=provider.id)
        if is_dialog:
            self.pending = False
        else:
            await auth.redirect_to(self, self._query("callbackUrl") or "/")

    async def _dialog(self) -> dict[str, Any]:
        return (await self.get_state(SessionState)).step_up

    def _query(self, name: str) -> str:
        return self.router.url.query_parameters.get(name, "")


def sign_in_form(fields: Sequence[str] | None = None, *, remember: bool = True) -> rx.Component:
    """Make the form that signs in with credentials, and below it why the last attempt failed.

    Args:
        fields: The names of the fields; those of the app's `Credentials` by default.
        remember: Whether users choose if the cookie outlives the browser.
    """
    names = fields or _fields()
    return rx.fragment(
        api_form(
            "callback/credentials",
            *(_input(name) for name in names),
            *([remember_field(SignInState.choose, t("signin.remember"))] if remember else ()),
            _submit(t("signin.go"), SignInState.pending),
            on_submit=SignInState.sign_in,
            on_mount=SignInState.explain,
            class_name="auth-form",
        ),
        rx.cond(rx.State.is_hydrated, _alert(SignInState.error), request_error()),
    )


def api_form(path: str, *children: rx.Component, **attributes: Any) -> rx.Component:
    """Make a form that works without JavaScript, too: it posts to a path of `/api/auth`.

    The server fills in the CSRF token, and where the page's `callbackUrl` leads. Where another
    server serves the pages, the form needs JavaScript.

    Args:
        path: `"callback/credentials"` to sign in, and `"signout"` to sign out.
        *children: The fields and the button.
        **attributes: What the form takes besides, such as the `on_submit` for JavaScript.
    """
    if not others_serve_pages():
        names = ("csrfToken",) if path == "signout" else ("csrfToken", "callbackUrl")
        children = (*map(_filled_in, names), *children)
        attributes["action"] = f"{BASE}/{path}"
    return rx.el.form(*children, method="post", **attributes)


def remember_field(
    on_change: EventType[bool], label: str | rx.Var[str], class_name: str = "auth-check"
) -> rx.Component:
    """Make the box by which users choose whether the cookie outlives the browser.

    Its form always sends `remember`: `on`, or else `off`.

    Args:
        on_change: Takes the choice, for the ways to sign in that send no form.
        label: The box's label.
        class_name: The look of the label.
    """
    box = rx.el.input(type="checkbox", name="remember", default_checked=True, on_change=on_change)
    both: rx.Component = rx.fragment(
        rx.el.input(type="hidden", name="remember", value="off"),  # unless the box is ticked
        rx.el.label(box, label, class_name=class_name),
    )
    return both


def request_error(class_name: str = "auth-error") -> rx.Component:
    """Explain the error that led to the page, before the page is live and without JavaScript."""
    return rx.el.p(
        _request_value("error"),
        role="alert",
        class_name=class_name,
        custom_attrs={"data-request": "error"},
    )


def _filled_in(name: str) -> rx.Component:
    return rx.el.input(
        type="hidden", name=name, value=_request_value(name), custom_attrs={"data-request": name}
    )


def _request_value(name: str) -> rx.Var[str]:
    return var(f'requestValue("{name}")', str, imported("early.js", "requestValue"))


def provider_buttons() -> rx.Component:
    """Make a button for each OpenID or OAuth provider, and below why the last attempt failed."""
    providers = [
        each for each in Auth.installed().providers.values() if not isinstance(each, Credentials)
    ]
    if not providers:
        return rx.fragment()
    buttons = [
        rx.el.button(
            t("signin.with", name=each.name),
            on_click=sign_in_with(each.id, remember=SignInState.remember),
            type="button",
            class_name="auth-button auth-quiet",
        )
        for each in providers
    ]
    return rx.fragment(
        rx.el.div(*buttons, class_name="auth-providers"), _alert(use_session().error)
    )


def confirm_form() -> rx.Component:
    """Make the forms that ask for another proof, and below them why the last attempt failed.

    They are for the password, and for the code of a second factor, as far as the user has them.
    Users of an OpenID provider get a button that asks there; those of an OAuth provider have to
    sign in another way. `Auth(proofs=...)` adds others.
    """
    state: Any = ConfirmState
    has_password = state.has_password & ~state.needs_level
    password = rx.fragment(username_field(use_session().user.id), _input("password"))
    others = rx.cond(state.needs_level, rx.el.p(t("confirm.level")), _other_ways())
    return rx.fragment(
        rx.cond(has_password, _proof_form(t("confirm.why"), password, "auth-password")),
        rx.cond(state.has_code, _proof_form(t("code.why"), _code_input(), "auth-code")),
        rx.cond(~has_password & ~state.has_code, others),
        *(rx.el.div(proof(), class_name="auth-providers") for proof in _proofs()),
        rx.el.span(on_mount=ConfirmState.look, hidden=True),
        _alert(ConfirmState.error),
    )


def _proofs() -> Sequence[Callable[[], rx.Component]]:
    return Auth.installed().engine.proofs


def _proof_form(why: rx.Var[str], field: rx.Component, key: str) -> rx.Component:
    return rx.el.form(
        rx.el.p(why),
        field,
        _submit(t("confirm.go"), ConfirmState.pending),
        on_submit=ConfirmState.confirm,
        method="post",
        class_name="auth-form",
        key=key,
    )


def code_form() -> rx.Component:
    """Make the form for the code of a second factor, and below it why the last one failed.

    It stands on the page `Pages(code=...)`, to which a sign-in leads that needs a code.
    """
    use = hook("const code = useCode()", imported("code.js", "useCode"))
    pending, error = var("code.pending", bool, use), var("code.error", ErrorDict, use)
    return rx.fragment(
        api_form(
            "callback/credentials",
            rx.el.p(t("code.why")),
            _code_input(),
            rx.el.label(
                rx.el.input(name="remember", type="checkbox"),
                t("code.remember"),
                class_name="auth-check",
            ),
            _submit(t("code.go"), pending),
            custom_attrs={"onSubmitCapture": script("code.submit", use)},
            class_name="auth-form",
        ),
        rx.cond(var("code.isSent", bool, use), _alert(error), request_error()),
    )


def _code_input() -> rx.Component:
    return rx.el.label(
        t("code.code"),
        rx.el.input(
            name="code",
            auto_complete="one-time-code",
            required=True,
            max_length=64,
            custom_attrs=no_autocorrect_attrs(),
        ),
    )


def noscript_notice(*, has_api_form: bool = False) -> rx.Component:
    """Explain to a browser without JavaScript what doesn't work.

    Args:
        has_api_form: Whether the page has a form that works, to sign in or out.
    """
    if has_api_form and not others_serve_pages():
        return rx.el.noscript(rx.el.p(t("page.needs_some_scripts")))
    return rx.el.noscript(rx.el.p(t("page.needs_scripts"), role="alert"))


def home_link() -> rx.Component:
    """Link to the home page for users who are signed in, as on the sign-in page with an error."""
    is_signed_in = use_session().status == "authenticated"
    return rx.fragment(rx.cond(is_signed_in, rx.el.p(_home())))


def signed_in_as() -> rx.Component:
    """Say who is signed in, if there is one."""
    session = use_session()
    who = rx.el.p(live_text(t("refusal.signed_in_as", name=session.user.name)))
    shown: rx.Component = rx.fragment(rx.cond(session.status == "authenticated", who))
    return shown


def back_button() -> rx.Component:
    """Lead back to the page before."""
    button: rx.Component = rx.el.button(
        t("refusal.back"),
        type="button",
        class_name="auth-button auth-quiet",
        custom_attrs={"onClick": script("() => history.back()")},
    )
    return button


def _home() -> rx.Component:
    return rx.el.a(t("refusal.home"), href="/")


def sign_in_page() -> rx.Component:
    """Build the sign-in page of an app that has none of its own."""
    form = sign_in_form() if _fields() else rx.fragment()
    return _page(
        t("signin.title"), form, provider_buttons(), home_link(), has_api_form=bool(_fields())
    )


@public
def code_page() -> rx.Component:
    """Build the page that asks for a code, for an app that has none of its own."""
    other = rx.el.a(t("code.again"), href=Auth.installed().engine.pages.sign_in)
    return _page(t("code.title"), code_form(), rx.el.p(other), has_api_form=True)


def confirm_page() -> rx.Component:
    """Build the page that asks for the password again, for an app that has none of its own."""
    return _page(t("confirm.title"), confirm_form())


@public
def access_denied_page() -> rx.Component:
    """Build the page that rejects a member, where another server serves the pages."""
    error = AccessDenied("You don't have permission to see this page.", reason="page")
    why = rx.el.p(explain(rx.Var.create(error.to_dict())), role="alert")
    is_signed_in = use_session().status == "authenticated"
    other = _plain(t("refusal.other_account"), ConfirmState.change_account)
    ways = rx.el.div(
        rx.cond(is_signed_in, other), back_button(), _home(), class_name="auth-actions"
    )
    return _page(t("refusal.403"), why, signed_in_as(), ways)


@public
def not_found_page() -> rx.Component:
    """Build the page for unknown paths, for an app that has none of its own."""
    ways = rx.el.div(back_button(), _home(), class_name="auth-actions")
    why = rx.el.p(t("error.NotFound")), rx.el.p(t("refusal.check_address"))
    return _page(t("refusal.404"), *why, signed_in_as(), ways)


def _page(title: rx.Var[str], *parts: rx.Component, has_api_form: bool = False) -> rx.Component:
    notice = noscript_notice(has_api_form=has_api_form)
    card = rx.el.div(*parts, class_name="auth-card")
    return rx.el.main(rx.el.h1(title), notice, card, class_name="auth-page")


def _input(name: str) -> rx.Component:
    if name == "password":
        return password_field(t("signin.password"))
    return rx.el.label(
        t(f"signin.{name}") if name in _COMPLETION else name.replace("_", " ").capitalize(),
        rx.el.input(
            name=name,
            type="email" if name == "email" else "text",
            auto_complete=_COMPLETION.get(name, "on"),
            required=True,
            custom_attrs=no_autocorrect_attrs(),
        ),
    )


def _other_ways() -> rx.Component:
    provider = cast("rx.Var[str]", ConfirmState.provider)
    reauthenticate = sign_in_with(provider, reauthenticate=True)
    return rx.cond(
        provider != "",
        rx.fragment(_plain(t("confirm.again"), reauthenticate), _alert(use_session().error)),
        rx.fragment(
            rx.el.p(t("confirm.other")),
            _plain(t("confirm.leave"), ConfirmState.sign_out),
        ),
    )


def _plain(label: rx.Var[str], on_click: EventType[()]) -> rx.Component:
    return rx.el.button(label, on_click=on_click, type="button", class_name="auth-button")


def _submit(label: rx.Var[str], pending: Any) -> rx.Component:
    return rx.el.button(label, type="submit", disabled=pending, class_name="auth-button")


def _alert(error: Any) -> rx.Component:
    return rx.fragment(
        rx.cond(
            error.length() > 0,
            rx.el.p(live_text(explain(error)), role="alert", class_name="auth-error"),
        )
    )


def _fields() -> tuple[str, ...]:
    providers = Auth.installed().providers.values()
    return next((each.fields for each in providers if isinstance(each, Credentials)), ())
