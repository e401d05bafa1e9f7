"""Providers that many apps use: each is a declaration of a few lines."""

from __future__ import annotations

from functools import partial
from typing import Any

from .github import read_claims
from .oauth2 import OAuth2
from .oidc import OpenIDConnect


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
