"""Ready-made providers, and providers from environment variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..core.errors import ConfigurationError, OAuthCallbackError
from .base import RedirectProvider, UserFactory, default_user
from .http_client import is_safe
from .oauth2 import OAuth2, OAuthClient
from .oidc import OpenIDConnect

EMAIL_SCOPES = frozenset({"user", "user:email"})


async def read_claims(
    profile: Mapping[str, Any], granted: OAuthClient, *, emails: str
) -> dict[str, Any]:
    """Read GitHub's profile as OpenID Connect would tell it.

    The subject is the numeric id: a login can be changed, and then taken by somebody else. The
    profile's own address is what its owner wants to be seen, so it isn't used.
    """
    number = profile.get("id")
    if type(number) is not int:
        raise OAuthCallbackError("GitHub doesn't say who it is.", reason="subject")
    email = _primary(await granted.ask(emails)) if granted.scope & EMAIL_SCOPES else None
    return {
        "sub": str(number),
        "name": profile.get("name") or profile.get("login"),
        "preferred_username": profile.get("login"),
        "picture": profile.get("avatar_url"),
        "email": email,
        "email_verified": email is not None,
    }


def _primary(addresses: object) -> str | None:
    """Find the primary address, if it is verified."""
    listed = addresses if isinstance(addresses, list) else []
    own = (each for each in listed if isinstance(each, dict) and each.get("primary") is True)
    chosen = next(own, {})
    email = chosen.get("email")
    return email if chosen.get("verified") is True and isinstance(email, str) else None


def keycloak(url: str, realm: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Declare a realm of Keycloak.

    Args:
        url: Where Keycloak is, like `https://sso.example.com`.
        realm: The realm.
        client_id: The app's id there.
        **more: What `OpenIDConnect` takes.

    Returns:
        The provider.
    """
    issuer = f"{url.rstrip('/')}/realms/{realm}"
    return _declared("keycloak", "Keycloak")(issuer=issuer, client_id=client_id, **more)


def auth0(domain: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Declare a tenant of Auth0.

    Args:
        domain: The tenant's domain, like `example.eu.auth0.com`.
        client_id: The app's id there.
        **more: What `OpenIDConnect` takes.

    Returns:
        The provider.
    """
    return _declared("auth0", "Auth0")(issuer=f"https://{domain}/", client_id=client_id, **more)


def microsoft(tenant: str, *, client_id: str, **more: Any) -> OpenIDConnect:
    """Declare a tenant of Microsoft Entra ID.

    Args:
        tenant: The tenant's id, a UUID: an issuer for all tenants vouches for nobody.
        client_id: The app's id there.
        **more: What `OpenIDConnect` takes.

    Returns:
        The provider.
    """
    issuer = f"https://login.microsoftonline.com/{tenant}/v2.0"
    return _declared("microsoft-entra-id", "Microsoft")(issuer=issuer, client_id=client_id, **more)


def google(*, client_id: str, **more: Any) -> OpenIDConnect:
    """Declare Google.

    Args:
        client_id: The app's id there.
        **more: What `OpenIDConnect` takes.

    Returns:
        The provider.
    """
    issuer = "https://accounts.google.com"
    return _declared("google", "Google")(issuer=issuer, client_id=client_id, **more)


def github(
    *,
    client_id: str,
    url: str = "https://github.com",
    api: str = "https://api.github.com",
    **more: Any,
) -> OAuth2:
    """Declare GitHub, which speaks OAuth 2 only.

    Args:
        client_id: The app's id there.
        url: Where GitHub is; of a server of your own, its address.
        api: Where its API is; of a server of your own, like `https://git.example.com/api/v3`.
        **more: What `OAuth2` takes.

    Returns:
        The provider.
    """
    declared = {
        "id": "github",
        "name": "GitHub",
        "issuer": f"{url}/login/oauth",
        "authorization_endpoint": f"{url}/login/oauth/authorize",
        "token_endpoint": f"{url}/login/oauth/access_token",
        "userinfo_endpoint": f"{api}/user",
        "claims": partial(read_claims, emails=f"{api}/user/emails"),
        "scope": "read:user user:email",
        "secret_in_form": True,
    }
    return OAuth2(client_id=client_id, **{**declared, **more})


def _declared(provider_id: str, name: str) -> partial[OpenIDConnect]:
    return partial(OpenIDConnect, id=provider_id, name=name)


@dataclass(frozen=True, slots=True)
class _EnvPreset:
    """One provider, and what its variables begin with."""

    prefix: str
    declare: Callable[..., RedirectProvider]
    issuer: re.Pattern[str] | None = None
    example: str = ""
    needs_secret: bool = False


_WAYS = (
    _EnvPreset("AUTH_OIDC", OpenIDConnect, re.compile("(?P<issuer>.+)"), "https://sso.example.com"),
    _EnvPreset("AUTH_GOOGLE", google),
    _EnvPreset(
        "AUTH_MICROSOFT_ENTRA_ID",
        microsoft,
        re.compile(r"https://login\.microsoftonline\.com/(?P<tenant>[\w.-]+)/v2\.0/?"),
        "https://login.microsoftonline.com/<tenant>/v2.0",
    ),
    _EnvPreset(
        "AUTH_KEYCLOAK",
        keycloak,
        re.compile("(?P<url>.+)/realms/(?P<realm>[^/]+)/?"),
        "https://sso.example.com/realms/staff",
    ),
    _EnvPreset(
        "AUTH_AUTH0",
        auth0,
        re.compile("https://(?P<domain>[^/]+)/?"),
        "https://example.eu.auth0.com",
    ),
    _EnvPreset("AUTH_GITHUB", github, needs_secret=True),
)


VARIABLES = frozenset(
    f"{way.prefix}_{part}"
    for way in _WAYS
    for part in ("ID", "SECRET", *(("ISSUER",) if way.issuer else ()))
)
"""All variables that are read."""


def providers_from_environ(
    environ: Mapping[str, str] = os.environ, *, user: UserFactory = default_user
) -> list[RedirectProvider]:
    """Declare the providers for which there are variables (Auth.js: environment variables).

    `AUTH_<PROVIDER>_ID` and `AUTH_<PROVIDER>_SECRET` hold the app's id and secret there, and
    `AUTH_<PROVIDER>_ISSUER` the issuer, unless it is the same for everyone. Providers are `OIDC`,
    which is any that speaks OpenID Connect, `GOOGLE`, `MICROSOFT_ENTRA_ID`, `KEYCLOAK`, `AUTH0`
    and `GITHUB`.

    Args:
        environ: The environment's variables.
        user: Makes a user of a verified `Identity`, or answers None to refuse.

    Returns:
        The providers; none if there are no variables.

    Raises:
        ConfigurationError: Names the variable and says what it takes.
    """
    return [_from_environ(way, environ, user) for way in _WAYS if _is_named(way, environ)]


def _is_named(way: _EnvPreset, environ: Mapping[str, str]) -> bool:
    return any(environ.get(f"{way.prefix}_{part}") for part in ("ID", "SECRET", "ISSUER"))


def _from_environ(
    way: _EnvPreset, environ: Mapping[str, str], user: UserFactory
) -> RedirectProvider:
    more = {
        "client_id": _needed(f"{way.prefix}_ID", environ, "the app's id at the provider"),
        "client_secret": environ.get(f"{way.prefix}_SECRET", ""),
    }
    if way.needs_secret:
        _needed(f"{way.prefix}_SECRET", environ, "the app's secret at the provider")
    return way.declare(**more, **_place(way, environ), user=user)


def _needed(name: str, environ: Mapping[str, str], what: str) -> str:
    value = environ.get(name)
    if not value:
        raise ConfigurationError(f"{name} takes {what}; it is not set.")
    return value


def _place(way: _EnvPreset, environ: Mapping[str, str]) -> dict[str, str]:
    """Read where the provider is, however its address ends."""
    if way.issuer is None:
        return {}
    name = f"{way.prefix}_ISSUER"
    value = environ.get(name, "")
    found = way.issuer.fullmatch(value)
    if found is None or not is_safe(value):
        raise ConfigurationError(
            f"{name} takes the issuer's https address without a query, "
            f"like {way.example}; it is {value!r}."
        )
    return found.groupdict()
