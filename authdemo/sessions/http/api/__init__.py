"""`/api/auth`: the HTTP API, by resource."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from starlette.types import ASGIApp

from ...engine import AuthCore
from ..context import RequestContexts
from ..router import Endpoint, Router
from .meta import Meta
from .openapi import BASE, operations_of
from .session import SessionApi
from .signin import SignInApi
from .signout import SignOutApi


class Api(NamedTuple):
    """All resources."""

    session: SessionApi
    sign_in: SignInApi
    sign_out: SignOutApi
    meta: Meta

    @classmethod
    def of(cls, auth: AuthCore, contexts: RequestContexts) -> Api:
        """Create the resources of an app."""
        parts = SessionApi(auth, contexts), SignInApi(auth, contexts), SignOutApi(auth, contexts)
        return cls(*parts, Meta(auth, contexts, parts))

    def before(self, app: ASGIApp) -> Router:
        """Answer what is below `/api/auth`, and pass on the rest."""
        table: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
        for operation, handler in operations_of(self):
            table[operation.path][operation.method] = handler
        return Router(app, base=BASE, table=table, audit=self.session.contexts.audit_rejection)
