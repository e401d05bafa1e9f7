"""`/api/auth`: the HTTP API, by resource."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from starlette.types import ASGIApp

from ..operator import OperatorApi
from ..router import BASE, Endpoint, Request, Response, Router, private_json, public_json
from .openapi import Resource, describe, operation, operations_of, ref, returns
from .session import SessionApi
from .signin import SignInApi
from .signout import SignOutApi


@dataclass(eq=False)
class Api(Resource):
    """All resources, and what clients can learn about the app without a session."""

    tag = "description"

    def __post_init__(self) -> None:
        engine, contexts = self.engine, self.contexts
        self.sign_out = SignOutApi(engine, contexts)
        others = (
            SessionApi(engine, contexts),
            SignInApi(engine, contexts),
            self.sign_out,
        )
        self.operations = operations_of([self, *others])
        self.document = describe(engine, [each for each, _ in self.operations])

    def before(self, app: ASGIApp) -> Router:
        """Answer what is below `/api/auth`, and pass on the rest."""
        table: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
        for each, handler in self.operations:
            table[each.path][each.method] = handler
        if self.engine.settings.admin:
            table["/operator"]["POST"] = OperatorApi(self.engine).run
        return Router(app, base=BASE, table=table, audit=self.contexts.audit_rejection)

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
        return public_json(self.engine.settings.keys.jwks)

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
                for provider in self.engine.providers.values()
            }
        )
