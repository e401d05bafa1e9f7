"""Providers are switched on by variables, and a bad one stops the start in one line."""

from __future__ import annotations

import pytest

from authdemo.sessions import ConfigurationError, User
from authdemo.sessions.providers import OAuth2, OpenIDConnect, providers_from_environ

ISSUER = "https://sso.example.com"


def test_environment_without_variables_has_no_providers():
    assert providers_from_environ({"AUTH_SECRET": "x", "AUTH_OIDC_ID": ""}) == []


MICROSOFT = "https://login.microsoftonline.com/0f2c/v2.0"


@pytest.mark.parametrize(
    ("variable", "provider", "given", "issuer"),
    [
        ("AUTH_OIDC", "oidc", ISSUER, ISSUER),
        ("AUTH_OIDC", "oidc", f"{ISSUER}/", f"{ISSUER}/"),
        ("AUTH_GOOGLE", "google", "", "https://accounts.google.com"),
        ("AUTH_MICROSOFT_ENTRA_ID", "microsoft-entra-id", MICROSOFT, MICROSOFT),
        ("AUTH_MICROSOFT_ENTRA_ID", "microsoft-entra-id", f"{MICROSOFT}/", MICROSOFT),
        ("AUTH_KEYCLOAK", "keycloak", f"{ISSUER}/realms/a", f"{ISSUER}/realms/a"),
        ("AUTH_KEYCLOAK", "keycloak", f"{ISSUER}/auth/realms/a/", f"{ISSUER}/auth/realms/a"),
        ("AUTH_AUTH0", "auth0", "https://a.auth0.com", "https://a.auth0.com/"),
        ("AUTH_AUTH0", "auth0", "https://a.auth0.com/", "https://a.auth0.com/"),
    ],
)
def test_variables_configure_a_provider_with_or_without_final_slash(
    variable, provider, given, issuer
):
    environ = {f"{variable}_ID": "app", f"{variable}_SECRET": "hidden"}
    environ |= {f"{variable}_ISSUER": given} if given else {}
    (declared,) = providers_from_environ(environ)
    assert isinstance(declared, OpenIDConnect)
    assert (declared.id, declared.client_id, declared.client_secret) == (provider, "app", "hidden")
    assert declared.issuer == issuer
    assert "hidden" not in repr(declared)


def test_variables_configure_github():
    environ = {"AUTH_GITHUB_ID": "app", "AUTH_GITHUB_SECRET": "hidden"}
    (declared,) = providers_from_environ(environ)
    assert isinstance(declared, OAuth2)
    assert (declared.id, declared.client_secret) == ("github", "hidden")


def test_several_providers_keep_their_order_and_create_the_apps_users():
    def staff(identity):
        return User(id=identity.subject)

    environ = {"AUTH_GITHUB_ID": "a", "AUTH_GITHUB_SECRET": "b", "AUTH_GOOGLE_ID": "c"}
    declared = providers_from_environ(environ, user=staff)
    assert [provider.id for provider in declared] == ["google", "github"]
    assert {provider.user for provider in declared} == {staff}


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"AUTH_OIDC_ID": "app"}, "AUTH_OIDC_ISSUER"),
        ({"AUTH_OIDC_ISSUER": ISSUER}, "AUTH_OIDC_ID"),
        ({"AUTH_OIDC_ID": "app", "AUTH_OIDC_ISSUER": "sso.example.com"}, "AUTH_OIDC_ISSUER"),
        ({"AUTH_AUTH0_ID": "a", "AUTH_AUTH0_ISSUER": "http://x.example"}, "AUTH_AUTH0_ISSUER"),
        ({"AUTH_KEYCLOAK_ID": "a", "AUTH_KEYCLOAK_ISSUER": f"{ISSUER}?a"}, "AUTH_KEYCLOAK_ISSUER"),
        ({"AUTH_KEYCLOAK_ID": "a", "AUTH_KEYCLOAK_ISSUER": ISSUER}, "AUTH_KEYCLOAK_ISSUER"),
        (
            {"AUTH_MICROSOFT_ENTRA_ID_ID": "a", "AUTH_MICROSOFT_ENTRA_ID_ISSUER": ISSUER},
            "AUTH_MICROSOFT_ENTRA_ID_ISSUER",
        ),
        ({"AUTH_GOOGLE_SECRET": "secret"}, "AUTH_GOOGLE_ID"),
        ({"AUTH_GITHUB_ID": "app"}, "AUTH_GITHUB_SECRET"),
        ({"AUTH_GITHUB_SECRET": "secret"}, "AUTH_GITHUB_ID"),
    ],
)
def test_error_names_the_missing_or_invalid_variable(environ, named):
    with pytest.raises(ConfigurationError) as refused:
        providers_from_environ(environ)
    assert refused.value.message.startswith(f"{named} takes ")
    assert "\n" not in refused.value.message
    assert "secret" not in refused.value.message.replace("app's secret", "")
