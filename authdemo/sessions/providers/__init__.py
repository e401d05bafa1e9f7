"""Ways to sign in: credentials, OpenID Connect and OAuth 2."""

from __future__ import annotations

from .base import Identity, RedirectProvider
from .credentials import Credentials
from .oauth2 import OAuth2
from .oidc import OpenIDConnect
from .presets import auth0, github, google, keycloak, microsoft, providers_from_environ

__all__ = [
    "Credentials",
    "Identity",
    "OAuth2",
    "OpenIDConnect",
    "RedirectProvider",
    "auth0",
    "github",
    "google",
    "keycloak",
    "microsoft",
    "providers_from_environ",
]
