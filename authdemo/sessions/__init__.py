"""Sessions for Reflex apps: what Auth.js does for Next.js, and what it can't."""

from __future__ import annotations

from .core.callbacks import Account, Callbacks
from .core.errors import (
    AccessDenied,
    AuthError,
    ConfigurationError,
    CredentialsSignin,
    NotAuthenticated,
    RevisionConflict,
    RuleBroken,
    SignInError,
    StoreUnavailable,
    UpdateRefused,
)
from .core.events import Events
from .core.options import Pages, SessionOptions
from .core.session import Session
from .core.settings import Settings
from .core.users import User, UserUpdate
from .providers.credentials import Credentials
from .reflex.auth import Auth
from .reflex.dialog import confirm_button
from .reflex.guards import protected, public
from .reflex.hooks import (
    SessionLog,
    session_text,
    use_session,
)
from .reflex.plugin import SessionsPlugin
from .reflex.profile import use_profile
from .reflex.sign_in import confirm_form, sign_in_form
from .reflex.words import current_language, explain, speak, word, word_of

__all__ = [
    "AccessDenied",
    "Account",
    "Auth",
    "AuthError",
    "Callbacks",
    "ConfigurationError",
    "Credentials",
    "CredentialsSignin",
    "Events",
    "NotAuthenticated",
    "Pages",
    "RevisionConflict",
    "RuleBroken",
    "Session",
    "SessionLog",
    "SessionOptions",
    "SessionsPlugin",
    "Settings",
    "SignInError",
    "StoreUnavailable",
    "UpdateRefused",
    "User",
    "UserUpdate",
    "confirm_button",
    "confirm_form",
    "current_language",
    "explain",
    "protected",
    "public",
    "session_text",
    "sign_in_form",
    "speak",
    "use_profile",
    "use_session",
    "word",
    "word_of",
]
