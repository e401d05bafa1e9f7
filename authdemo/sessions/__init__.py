"""Server-side sessions for Reflex apps, with the API of Auth.js."""

from __future__ import annotations

from .core.audit import AuditEvent
from .core.callbacks import Account, Callbacks
from .core.errors import (
    AccessDenied,
    AuthError,
    CallbackFailed,
    ConfigurationError,
    ConnectionLost,
    CredentialsSignin,
    FieldValidationError,
    NotAuthenticated,
    OAuthCallbackError,
    RevisionConflict,
    SignInError,
    StoreUnavailable,
    TooManyAttempts,
    UnknownProvider,
    UpdateRejected,
)
from .core.events import Events
from .core.record import Device
from .core.session import ActiveSession, Session, SessionChange
from .core.settings import Pages, SessionOptions, Settings
from .core.store import SessionStore
from .core.users import User, UserUpdate
from .providers.base import Identity, RedirectProvider
from .providers.credentials import Credentials
from .providers.oauth2 import OAuth2
from .providers.oidc import OpenIDConnect
from .providers.presets import auth0, github, google, keycloak, microsoft, providers_from_environ
from .reflex.auth import Auth
from .reflex.components.forms import (
    confirm_button,
    confirm_form,
    home_link,
    no_autocorrect_attrs,
    noscript_notice,
    provider_buttons,
    sign_in_error,
    sign_in_form,
)
from .reflex.components.i18n import (
    current_language,
    explain,
    live_text,
    set_language,
    t,
    t_dynamic,
    verbatim,
)
from .reflex.components.profile import use_profile
from .reflex.components.session import SessionLog, session_text, sign_in_with, use_session
from .reflex.plugin import SessionsPlugin
from .reflex.protected import protected, public

__all__ = [
    "AccessDenied",
    "Account",
    "ActiveSession",
    "AuditEvent",
    "Auth",
    "AuthError",
    "CallbackFailed",
    "Callbacks",
    "ConfigurationError",
    "ConnectionLost",
    "Credentials",
    "CredentialsSignin",
    "Device",
    "Events",
    "FieldValidationError",
    "Identity",
    "NotAuthenticated",
    "OAuth2",
    "OAuthCallbackError",
    "OpenIDConnect",
    "Pages",
    "RedirectProvider",
    "RevisionConflict",
    "Session",
    "SessionChange",
    "SessionLog",
    "SessionOptions",
    "SessionStore",
    "SessionsPlugin",
    "Settings",
    "SignInError",
    "StoreUnavailable",
    "TooManyAttempts",
    "UnknownProvider",
    "UpdateRejected",
    "User",
    "UserUpdate",
    "auth0",
    "confirm_button",
    "confirm_form",
    "current_language",
    "explain",
    "github",
    "google",
    "home_link",
    "keycloak",
    "live_text",
    "microsoft",
    "no_autocorrect_attrs",
    "noscript_notice",
    "protected",
    "provider_buttons",
    "providers_from_environ",
    "public",
    "session_text",
    "set_language",
    "sign_in_error",
    "sign_in_form",
    "sign_in_with",
    "t",
    "t_dynamic",
    "use_profile",
    "use_session",
    "verbatim",
]
