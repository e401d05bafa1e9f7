"""Ready-made providers, and providers from environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..core.errors import ConfigurationError, OAuthCallbackError
from .base import RedirectProvider, UserFactory, default_user
from .http_client import is_safe
from .oauth2 import OAuth2, OAuthClient
from .oidc import OpenIDConnect

_EMAIL_SCOPES = frozenset({"user", "user:email"})


async def _github_claims(
    profile: Mapping[str, Any], granted: OAuthClient, *, emails: str
) -> dict[str, Any]:
    """Turn GitHub's profile into OpenID Connect's claims.

    The subject is the numeric id: a login can be changed, and then taken by another user. The
    profile's e-mail address is only for display, so it isn't used.
    """
    number = profile.get("id")
    if type(number) is not int:
        raise OAuthCallbackError("GitHub doesn't name the user.", reason="subject")
    can_read = bool(granted.scope & _EMAIL_SCOPES)
    email = _primary_email(await granted.get_json(emails)) if can_read else None
    return {
        "sub": str(number),
        "name": profile.get("name") or profile.get("login"),
        "preferred_username": profile.get("login"),
        "picture": profile.get("avatar_url"),
        "email": email,
        "email_verified": email is not None,
    }


def _primary_email(addresses: object) -> str | None:
    """Find the primary address, if it is verified."""
    listed = addresses if isinstance(addresses, list) else []
    own = (each for each in listed if isinstance(each, dict) and each.get("primary") is True)
    chosen = next(own, {})
    email = chosen.get("email")
    return email if chosen.get("verified") is True and isinstance(email, str) else None


def keycloak(url: str, realm: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Sign in at a realm of Keycloak.

    Args:
        url: Keycloak's URL, like `https://sso.example.com`.
        realm: The realm.
        client_id: The app's id at the provider.
        **more: Further options of `OpenIDConnect`.
    """
    issuer = f"{url.rstrip('/')}/realms/{realm}"
    return _oidc("keycloak", "Keycloak", issuer, client_id=client_id, **more)


def auth0(domain: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Sign in at a tenant of Auth0.

    Args:
        domain: The tenant's domain, like `example.eu.auth0.com`.
        client_id: The app's id at the provider.
        **more: Further options of `OpenIDConnect`.
    """
    more = _offline(more, scope=f"{OpenIDConnect.scope} offline_access")
    return _oidc("auth0", "Auth0", f"https://{domain}/", client_id=client_id, **more)


def microsoft(tenant: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Sign in at a tenant of Microsoft Entra ID.

    Args:
        tenant: The tenant's id, a UUID. The issuer for all tenants vouches for no user.
        client_id: The app's id at the provider.
        **more: Further options of `OpenIDConnect`.
    """
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    more = _offline(more, scope=f"{OpenIDConnect.scope} offline_access")
    return _oidc("microsoft-entra-id", "Microsoft", issuer, client_id=client_id, **more)


def google(*, client_id: str, **more: Any) -> OpenIDConnect:
    """Sign in at Google.

    Args:
        client_id: The app's id at the provider.
        **more: Further options of `OpenIDConnect`.
    """
    more = _offline(more, authorization_params={"access_type": "offline"})
    return _oidc("google", "Google", "https://accounts.google.com", client_id=client_id, **more)


def github(
    *,
    client_id: str,
    url: str = "https://github.com",
    api: str = "https://api.github.com",
    **more: Any,
) -> OAuth2:
    """Sign in at GitHub, which speaks OAuth 2 only.

    Args:
        client_id: The app's id at the provider.
        url: GitHub's URL, or that of your own server.
        api: The URL of its API, for your own server like `https://git.example.com/api/v3`.
        **more: Further options of `OAuth2`.
    """
    options = {
        "id": "github",
        "name": "GitHub",
        "issuer": f"{url}/login/oauth",
        "authorization_endpoint": f"{url}/login/oauth/authorize",
        "token_endpoint": f"{url}/login/oauth/access_token",
        "userinfo_endpoint": f"{api}/user",
        "claims": partial(_github_claims, emails=f"{api}/user/emails"),
        "scope": "read:user user:email",
        "secret_in_form": True,
    }
    return OAuth2(client_id=client_id, **{**options, **more})


def _offline(given: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Add what a provider wants for a refresh token, if tokens are stored."""
    return {**(options if given.get("store_tokens") else {}), **given}


def _oidc(provider_id: str, name: str, issuer: str, /, **more: Any) -> OpenIDConnect:
    return OpenIDConnect(**{"id": provider_id, "name": name, "issuer": issuer, **more})


_PRESETS: dict[str, tuple[Callable[..., RedirectProvider], str, str]] = {
    "AUTH_OIDC": (OpenIDConnect, "(?P<issuer>.+)", "https://sso.example.com"),
    "AUTH_GOOGLE": (google, "", ""),
    "AUTH_MICROSOFT_ENTRA_ID": (
        microsoft,
        r"https://login\.microsoftonline\.com/(?P<tenant>[\w.-]+)/v2\.0/?",
        "https://login.microsoftonline.com/<tenant>/v2.0",
    ),
    "AUTH_KEYCLOAK": (
        keycloak,
        "(?P<url>.+)/realms/(?P<realm>[^/]+)/?",
        "https://sso.example.com/realms/staff",
    ),
    "AUTH_AUTH0": (auth0, "https://(?P<domain>[^/]+)/?", "https://example.eu.auth0.com"),
    "AUTH_GITHUB": (github, "", ""),
}
"""By the prefix of its variables: a preset, the pattern of its issuer, and an example of one."""


def providers_from_environ(
    environ: Mapping[str, str] = os.environ, *, user: UserFactory = default_user
) -> list[RedirectProvider]:
    """Create the providers that the environment configures (Auth.js: environment variables).

    `AUTH_<PROVIDER>_ID` and `AUTH_<PROVIDER>_SECRET` are the app's id and secret at the provider,
    and `AUTH_<PROVIDER>_ISSUER` is the issuer, unless it is the same for everyone. Providers are
    `OIDC` (any that speaks OpenID Connect), `GOOGLE`, `MICROSOFT_ENTRA_ID`, `KEYCLOAK`, `AUTH0`
    and `GITHUB`.

    Args:
        environ: The environment's variables.
        user: Turns a verified `Identity` into a user, or returns None to deny.

    Returns:
        The providers; none if there are no variables.

    Raises:
        ConfigurationError: Names the variable and the values that it takes.
    """
    return [
        _create(prefix, environ, user)
        for prefix in _PRESETS
        if any(environ.get(f"{prefix}_{part}") for part in ("ID", "SECRET", "ISSUER"))
    ]


def _create(prefix: str, environ: Mapping[str, str], user: UserFactory) -> RedirectProvider:
    create, pattern, example = _PRESETS[prefix]
    client_id, secret, issuer = (
        environ.get(f"{prefix}_{part}", "") for part in ("ID", "SECRET", "ISSUER")
    )
    if not client_id:
        raise ConfigurationError(f"{prefix}_ID takes the app's id at the provider; it is not set.")
    if create is github and not secret:
        raise ConfigurationError(
            f"{prefix}_SECRET takes the app's secret at the provider; it is not set."
        )
    match = re.fullmatch(pattern, issuer if pattern else "")
    if match is None or (pattern and not is_safe(issuer)):
        raise ConfigurationError(
            f"{prefix}_ISSUER takes the issuer's https address without a query, "
            f"like {example}; it is {issuer!r}."
        )
    return create(client_id=client_id, client_secret=secret, user=user, **match.groupdict())
