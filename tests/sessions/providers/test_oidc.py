"""Configuration of OpenID providers, and logout at one that is unreachable."""

from __future__ import annotations

import pytest

from authdemo.sessions import ConfigurationError
from authdemo.sessions.core.errors import OAuthCallbackError
from authdemo.sessions.providers import OpenIDConnect
from authdemo.testing import free_port


async def test_logout_url_of_an_unreachable_provider_raises() -> None:
    nowhere = OpenIDConnect(issuer=f"http://127.0.0.1:{free_port()}", client_id="x")
    with pytest.raises(OAuthCallbackError) as refused:
        await nowhere.logout_url("", state="s", redirect_uri="https://app.example/back")
    assert refused.value.reason == "unreachable"


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"issuer": "http://sso.example.com", "client_id": "x"}, "must be an https address"),
        ({"issuer": "https://sso.example.com?a", "client_id": "x"}, "must be an https address"),
        ({"issuer": "https://sso.example.com", "client_id": ""}, "needs a client_id"),
        (
            {"issuer": "https://sso.example.com", "client_id": "x", "scope": "email"},
            "needs openid in its scope",
        ),
    ],
)
def test_invalid_configuration_is_rejected(declared, complaint) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        OpenIDConnect(**declared)
