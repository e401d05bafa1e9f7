"""Ways to sign in, and what a provider with users of its own needs."""

from __future__ import annotations

from ..core.keys import KeyRing
from ..core.rate_limit import Sender, current_sender
from ..core.schema import DisplayName
from ..core.settings import data_folder
from .base import Identity, RedirectProvider
from .credentials import Credentials, Email, SignInRequest
from .oauth2 import OAuth2
from .oidc import OpenIDConnect
from .presets import auth0, github, google, keycloak, microsoft, providers_from_environ

__all__ = [
    "Credentials",
    "DisplayName",
    "Email",
    "Identity",
    "KeyRing",
    "OAuth2",
    "OpenIDConnect",
    "RedirectProvider",
    "Sender",
    "SignInRequest",
    "auth0",
    "current_sender",
    "data_folder",
    "github",
    "google",
    "keycloak",
    "microsoft",
    "providers_from_environ",
]
