"""Providers that the operator switches on, by the variables that Auth.js names."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ..core.errors import ConfigurationError
from .addresses import is_safe
from .federated import Federated, MakeUser
from .identity import default_user
from .oidc import OpenIDConnect
from .ready import auth0, github, google, keycloak, microsoft


@dataclass(frozen=True, slots=True)
class _Way:
    """One provider, and what its variables begin with.

    Attributes:
        prefix: The beginning, like `AUTH_GOOGLE`.
        declare: Declares the provider; gets what the issuer's pattern names.
        issuer: A pattern of the issuer; None if it is the same for everyone.
        example: An issuer, for the complaint.
        needs_secret: Whether nobody signs in without the app's secret.
    """

    prefix: str
    declare: Callable[..., Federated]
    issuer: re.Pattern[str] | None = None
    example: str = ""
    needs_secret: bool = False


_WAYS = (
    _Way("AUTH_OIDC", OpenIDConnect, re.compile("(?P<issuer>.+)"), "https://sso.example.com"),
    _Way("AUTH_GOOGLE", google),
    _Way(
        "AUTH_MICROSOFT_ENTRA_ID",
        microsoft,
        re.compile(r"https://login\.microsoftonline\.com/(?P<tenant>[\w.-]+)/v2\.0/?"),
        "https://login.microsoftonline.com/<tenant>/v2.0",
    ),
    _Way(
        "AUTH_KEYCLOAK",
        keycloak,
        re.compile("(?P<url>.+)/realms/(?P<realm>[^/]+)/?"),
        "https://sso.example.com/realms/staff",
    ),
    _Way(
        "AUTH_AUTH0",
        auth0,
        re.compile("https://(?P<domain>[^/]+)/?"),
        "https://example.eu.auth0.com",
    ),
    _Way("AUTH_GITHUB", github, needs_secret=True),
)


VARIABLES = frozenset(
    f"{way.prefix}_{part}"
    for way in _WAYS
    for part in ("ID", "SECRET", *(("ISSUER",) if way.issuer else ()))
)
"""All variables that are read."""


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


def _place(way: _Way, environ: Mapping[str, str]) -> dict[str, str]:
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
