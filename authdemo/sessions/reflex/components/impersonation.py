"""The banner of an impersonation, with the button that stops it."""

from __future__ import annotations

import reflex as rx

from ..auth import Auth
from .assets import imported, var
from .i18n import live_text, t
from .session import use_session


class ImpersonationState(rx.State):
    """What the banner's button does."""

    @rx.event
    async def stop(self) -> None:
        """Return to the administrator's own session."""
        await Auth.installed().stop_impersonating(self)


def impersonation_banner() -> rx.Component:
    """Show on a page that an administrator acts as the user, until when, and how to stop.

    Place it on every page, in its layout; it shows nothing while the user acts.
    """
    session = use_session()
    actor, user = session.data["actor"].to(dict[str, str]), session.user
    time = var(f"clockTime({actor['until']!s})", str, actor, imported("i18n.js", "clockTime"))
    banner = rx.el.aside(
        live_text(t("impersonation.acts", actor=actor["name"], user=user.name, time=time)),
        rx.el.button(
            t("impersonation.stop"),
            type="button",
            on_click=ImpersonationState.stop,
            class_name="auth-button",
        ),
        class_name="auth-banner",
        custom_attrs={"data-testid": "impersonation"},
    )
    shown: rx.Component = rx.fragment(rx.cond(session.data["actor"], banner))
    return shown
