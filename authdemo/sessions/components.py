"""Components, and what they show of the session."""

from __future__ import annotations

from .core.errors import sign_in_error
from .reflex.components.assets import hook, script, var
from .reflex.components.dialog import confirm_button
from .reflex.components.forms import (
    api_form,
    back_button,
    code_form,
    confirm_form,
    home_link,
    noscript_notice,
    provider_buttons,
    remember_field,
    request_error,
    sign_in_form,
    signed_in_as,
)
from .reflex.components.impersonation import impersonation_banner
from .reflex.components.password import no_autocorrect_attrs, password_field, username_field
from .reflex.components.session import (
    LiveSession,
    Profile,
    SessionLog,
    pending_until_navigation,
    session_text,
    sign_in_with,
    tab_var,
    use_profile,
    use_session,
)

__all__ = [
    "LiveSession",
    "Profile",
    "SessionLog",
    "api_form",
    "back_button",
    "code_form",
    "confirm_button",
    "confirm_form",
    "home_link",
    "hook",
    "impersonation_banner",
    "no_autocorrect_attrs",
    "noscript_notice",
    "password_field",
    "pending_until_navigation",
    "provider_buttons",
    "remember_field",
    "request_error",
    "script",
    "session_text",
    "sign_in_error",
    "sign_in_form",
    "sign_in_with",
    "signed_in_as",
    "tab_var",
    "use_profile",
    "use_session",
    "username_field",
    "var",
]
