"""Server-side sessions for Reflex apps, with the API of Auth.js.

The names for an app's first day are here. `authdemo.sessions.errors`, `.providers`, `.components`
and `.locales` have the rest.
"""

from __future__ import annotations

from .core.audit import AuditEvent
from .core.callbacks import Account, Callbacks
from .core.errors import AuthError, ConfigurationError, NotAuthenticated
from .core.events import Events
from .core.options import CookieOptions, Pages, SessionOptions
from .core.record import Actor, Device
from .core.schema import User, UserUpdate
from .core.session import ActiveSession, Session, SessionChange
from .core.settings import Settings
from .core.store import SessionStore
from .providers.credentials import Authenticated, Credentials
from .reflex.auth import Auth
from .reflex.components.forms import sign_in_form
from .reflex.components.session import session_text, use_profile, use_session
from .reflex.plugin import SessionsPlugin
from .reflex.protected import protected, public

__all__ = [
    "Account",
    "ActiveSession",
    "Actor",
    "AuditEvent",
    "Auth",
    "AuthError",
    "Authenticated",
    "Callbacks",
    "ConfigurationError",
    "CookieOptions",
    "Credentials",
    "Device",
    "Events",
    "NotAuthenticated",
    "Pages",
    "Session",
    "SessionChange",
    "SessionOptions",
    "SessionStore",
    "SessionsPlugin",
    "Settings",
    "User",
    "UserUpdate",
    "protected",
    "public",
    "session_text",
    "sign_in_form",
    "use_profile",
    "use_session",
]
