"""Describe the app: providers, public keys and the OpenAPI description."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..router import Request, Response, private_json, public_json
from .openapi import BASE, Resource, describe, operation, ref, returns


@dataclass(eq=False)
class Meta(Resource):
    """What clients can learn about the app without a session."""

    tag = "description"
    others: tuple[Resource, ...] = ()
    document: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        """Describe all resources once."""
        self.document = describe(self.auth, [self, *self.others])

    @operation(
        "GET /openapi.json",
        "It is the same for everyone, and any cache may keep it.",
        answers=returns("An OpenAPI 3.1 document.", ref("schemas", "OpenApi"), is_public=True),
    )
    async def openapi(self, _: Request) -> Response:
        """Read this description."""
        return public_json(self.document)

    @operation(
        "GET /jwks",
        "RFC 7517. Other services use them to verify the tokens that the app issues. Empty unless "
        "the operator sets AUTH_SIGNING_KEYS.",
        answers=returns(
            "A JWK Set; no key has a private part.", ref("schemas", "JwkSet"), is_public=True
        ),
    )
    async def jwks(self, _: Request) -> Response:
        """Read the public keys."""
        return public_json(self.auth.settings.keys.jwks)

    @operation(
        "GET /providers",
        "Auth.js: `getProviders()`.",
        answers=returns(
            "The providers by their ids.",
            {"type": "object", "additionalProperties": ref("schemas", "Provider")},
        ),
        errors="Refused",
    )
    async def providers(self, request: Request) -> Response:
        """List the providers."""
        base_url = self.contexts.origins.base_url(request.scope)
        return private_json(
            {
                provider.id: {
                    "id": provider.id,
                    "name": provider.name,
                    "type": provider.type,
                    "signinUrl": f"{base_url}{BASE}/signin/{provider.id}",
                    "callbackUrl": f"{base_url}{BASE}/callback/{provider.id}",
                }
                for provider in self.auth.providers.values()
            }
        )
