"""The second factor on a page: a card that sets it up, and turns it off."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import reflex as rx
import segno

from authdemo.sessions import (
    AuditEvent,
    Auth,
    ConfigurationError,
    Device,
    protected,
    use_session,
)
from authdemo.sessions.components import confirm_button, no_autocorrect_attrs
from authdemo.sessions.locales import explain, live_text, relative_time, t, verbatim

from .form_state import PendingMixin, only_user
from .models import Member
from .second_factor import Enrollment, SecondFactor

FRESH = 300
"""Seconds within which the user must have authenticated to change the second factor."""

_QUIET = 4
"""Modules around a QR code that stay white (ISO/IEC 18004)."""


@only_user
class SecondFactorState(PendingMixin, rx.State):
    """The user's second factor."""

    secret: str = ""
    picture: str = ""
    codes: rx.Field[list[str]] = rx.field(default_factory=list)
    left: rx.Field[int] = protected(rx.field(0))
    browsers: rx.Field[list[dict[str, Any]]] = protected(rx.field(default_factory=list))

    @rx.event
    @protected
    async def look(self) -> None:
        """Forget an earlier visit, and count what there is."""
        self._hide()
        with self._reporting():
            await self._count()

    @rx.event
    @protected(fresh=FRESH)
    async def begin(self) -> None:
        """Show the secret of a new authenticator app."""
        self._hide()
        with self._reporting():
            auth = Auth.installed()
            issuer = urlsplit(auth.origin(self)).hostname or ""
            self._show(await installed_factor().begin(await self._account_id(), issuer=issuer))

    @rx.event
    @protected(fresh=FRESH)
    async def confirm(self, form: dict[str, Any]) -> None:
        """Turn the second factor on with the app's first code, and end the user's other sessions.

        They began without it, perhaps by who knows the password.
        """
        with self._reporting():
            auth, account_id = Auth.installed(), await self._account_id()
            codes = await installed_factor().confirm(account_id, str(form.get("code", "")))
            self._hide()
            self.codes = codes
            auth.audit(self, AuditEvent(kind="second-factor-on", user=account_id))
            await auth.add_methods(self, "otp")
            await self._count()
            await auth.revoke_others(self)

    @rx.event
    @protected(level=2, fresh=FRESH)
    async def renew(self) -> None:
        """Show new recovery codes; the old ones are void."""
        self._hide()
        with self._reporting():
            account_id = await self._account_id()
            self.codes = await installed_factor().renew_codes(account_id)
            event = AuditEvent(kind="recovery-codes-renewed", user=account_id)
            Auth.installed().audit(self, event)
            await self._count()

    @rx.event
    @protected(level=2, fresh=FRESH)
    async def turn_off(self) -> None:
        """Turn the second factor off."""
        self._hide()
        with self._reporting():
            account_id = await self._account_id()
            await installed_factor().turn_off(account_id)
            Auth.installed().audit(self, AuditEvent(kind="second-factor-off", user=account_id))
            await self._count()

    @rx.event
    async def forget(self, browser_id: str) -> None:
        """Ask for a code in a browser again."""
        with self._reporting():
            await installed_factor().forget(await self._account_id(), browser_id)
            await self._count()

    @rx.event
    def close(self) -> None:
        """Hide the secret, or the recovery codes."""
        self._hide()

    async def _account_id(self) -> str:
        return (await Auth.installed().require_session(self)).user.id

    async def _count(self) -> None:
        account_id = await self._account_id()
        self.left = await installed_factor().count_codes(account_id)
        self.browsers = [
            {
                "id": each.id,
                "name": Device(user_agent=each.user_agent).name or "?",
                "ip": each.ip,
                "until": each.expires_at,
            }
            for each in await installed_factor().browsers(account_id)
        ]

    def _hide(self) -> None:
        self._rest()
        self.secret = self.picture = ""
        self.codes = []

    def _show(self, enrollment: Enrollment) -> None:
        self.secret, self.picture = enrollment.secret, draw(enrollment.uri)


def installed_factor() -> SecondFactor:
    """Find the second factor of the running app.

    Raises:
        ConfigurationError: If the app has none.
    """
    factor = Auth.installed().second_factor
    if not isinstance(factor, SecondFactor):
        raise ConfigurationError(
            "A page has a second factor, but the app doesn't. "
            "Pass Auth(second_factor=accounts.second_factor)."
        )
    return factor


def draw(uri: str) -> str:
    """Draw a QR code as SVG, black on white in dark pages, too."""
    code = segno.make(uri, error="m")
    picture: str = code.svg_inline(border=_QUIET, dark="#000", light="#fff", omitsize=True)
    return picture


def second_factor_card(*, class_name: str = "auth-card") -> rx.Component:
    """Make the card that sets up an authenticator app, and turns it off."""
    state: Any = SecondFactorState
    is_on = use_session(Member).user.two_factor
    return rx.el.section(
        rx.el.h2(t("second.title")),
        rx.cond(
            is_on,
            rx.el.p(live_text(t("second.on", left=state.left))),
            rx.el.p(t("second.lead"), class_name="auth-hint"),
        ),
        rx.cond(state.secret != "", _enrollment()),
        rx.cond(state.codes.length() > 0, _codes()),
        _alert(state.error),
        rx.cond(is_on, rx.fragment(_browsers(), _when_on()), _when_off()),
        rx.el.span(on_mount=state.look, hidden=True),
        class_name=class_name,
    )


def _when_off() -> rx.Component:
    state: Any = SecondFactorState
    return rx.cond(
        state.secret == "",
        rx.el.div(
            rx.el.button(
                t("second.set_up"),
                on_click=state.begin,
                type="button",
                disabled=~rx.State.is_hydrated,
                class_name="auth-button",
            ),
            class_name="auth-actions",
        ),
    )


def _when_on() -> rx.Component:
    state: Any = SecondFactorState
    return rx.el.div(
        confirm_button(t("second.renew"), t("second.ask_renew"), state.renew),
        confirm_button(t("second.turn_off"), t("second.ask_off"), state.turn_off),
        class_name="auth-actions",
    )


def _enrollment() -> rx.Component:
    state: Any = SecondFactorState
    return rx.el.form(
        rx.el.p(t("second.scan")),
        rx.el.div(
            rx.html(state.picture),
            role="img",
            aria_label=t("second.picture"),
            class_name="auth-qr",
        ),
        rx.el.p(
            t("second.type"),
            " ",
            rx.el.code(state.secret, custom_attrs={"data-testid": "totp-secret", **verbatim()}),
        ),
        rx.el.label(
            t("second.first_code"),
            rx.el.input(
                name="code",
                auto_complete="one-time-code",
                input_mode="numeric",
                required=True,
                max_length=16,
                custom_attrs=no_autocorrect_attrs(),
            ),
        ),
        rx.el.p(t("second.others"), class_name="auth-hint"),
        rx.el.div(
            rx.el.button(t("second.confirm"), type="submit", class_name="auth-button"),
            _close(t("dialog.cancel")),
            class_name="auth-actions",
        ),
        on_submit=state.confirm,
        class_name="auth-form",
    )


def _codes() -> rx.Component:
    state: Any = SecondFactorState
    return rx.el.div(
        rx.el.p(t("second.codes")),
        rx.el.ul(
            rx.foreach(state.codes, lambda code: rx.el.li(rx.el.code(code))),
            class_name="auth-codes",
            custom_attrs={"data-testid": "recovery-codes", **verbatim()},
        ),
        rx.el.div(_close(t("second.kept")), class_name="auth-actions"),
        role="status",
    )


def _browsers() -> rx.Component:
    state: Any = SecondFactorState
    return rx.cond(
        state.browsers.length() > 0,
        rx.fragment(
            rx.el.h3(t("second.browsers")),
            rx.el.ul(rx.foreach(state.browsers, _browser), class_name="auth-list"),
        ),
    )


def _browser(browser: Any) -> rx.Component:
    state: Any = SecondFactorState
    name_id = "browser-" + browser["id"].to(str)
    return rx.el.li(
        rx.el.p(
            rx.el.span(browser["name"], " ", browser["ip"], id=name_id, custom_attrs=verbatim()),
            rx.el.span(t("second.until"), " ", relative_time(browser["until"])),
            class_name="auth-hint auth-facts",
        ),
        rx.el.button(
            t("second.forget"),
            on_click=state.forget(browser["id"]),
            type="button",
            aria_describedby=name_id,
            class_name="auth-button auth-quiet",
        ),
        key=browser["id"],
    )


def _close(label: Any) -> rx.Component:
    state: Any = SecondFactorState
    return rx.el.button(
        label, on_click=state.close, type="button", class_name="auth-button auth-quiet"
    )


def _alert(error: Any) -> rx.Component:
    said = rx.cond(rx.State.is_hydrated, explain(error), "")
    return rx.el.p(live_text(said), role="alert", class_name="auth-error")
