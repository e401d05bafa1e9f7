"""Providers that the operator switches on, by the variables that Auth.js names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ..core.errors import ConfigurationError
from .addresses import is_safe
from .federated import Federated, MakeUser
from .identity import default_user
from .oidc import OpenIDConnect
from .ready import github


@dataclass(frozen=True, slots=True)
class _Way:
    """One provider, and what its variables begin with.

    Attributes:
        prefix: The beginning, like `AUTH_GOOGLE`.
        id: The provider's id.
        name: The provider's name for people.
        issuer: The issuer, if it is the same for everyone; else a variable names it.
    """

    prefix: str
    id: str
    name: str
    issuer: str = ""


_GITHUB = _Way("AUTH_GITHUB", "github", "GitHub", "https://github.com/login/oauth")
_WAYS = (
    _Way("AUTH_OIDC", "oidc", "OpenID Connect"),
    _Way("AUTH_GOOGLE", "google", "Google", "https://accounts.google.com"),
    _Way("AUTH_MICROSOFT_ENTRA_ID", "microsoft-entra-id", "Microsoft"),
    _Way("AUTH_KEYCLOAK", "keycloak", "Keycloak"),
    _Way("AUTH_AUTH0", "auth0", "Auth0"),
    _GITHUB,
)


def providers_from_environ(
    environ: Mapping[str, str] = os.environ, *, user: MakeUser = default_user
) -> list[Federated]:
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
    return [_declared(way, environ, user) for way in _WAYS if _is_named(way, environ)]


def _is_named(way: _Way, environ: Mapping[str, str]) -> bool:
    return any(environ.get(f"{way.prefix}_{part}") for part in ("ID", "SECRET", "ISSUER"))


def _declared(way: _Way, environ: Mapping[str, str], user: MakeUser) -> Federated:
    client_id = _needed(f"{way.prefix}_ID", environ, f"the app's id at {way.name}")
    secret = environ.get(f"{way.prefix}_SECRET", "")
    if way is _GITHUB:
        secret = _needed(f"{way.prefix}_SECRET", environ, f"the app's secret at {way.name}")
        return github(client_id=client_id, client_secret=secret, user=user)
    return OpenIDConnect(
        id=way.id,
        name=way.name,
        issuer=way.issuer or _issuer(f"{way.prefix}_ISSUER", environ),
        client_id=client_id,
        client_secret=secret,
        user=user,
    )


def _needed(name: str, environ: Mapping[str, str], what: str) -> str:
    value = environ.get(name)
    if not value:
        raise ConfigurationError(f"{name} takes {what}; it is not set.")
    return value


def _issuer(name: str, environ: Mapping[str, str]) -> str:
    value = environ.get(name, "")
    if not is_safe(value):
        raise ConfigurationError(
            f"{name} takes the issuer's https address without a query, "
            f"like https://sso.example.com; it is {value!r}."
        )
    return value
