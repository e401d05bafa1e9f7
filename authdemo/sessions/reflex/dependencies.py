"""`Depends(auth.current)` and `Depends(auth.required)`: the session, for FastAPI."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, cast

from ..core.errors import ConfigurationError
from ..core.schema import U
from ..core.session import Session
from ..engine import Engine
from ..http.cookies import names_of
from ..http.own_routes import current_request
from ..http.sockets.caller import current_caller


@dataclass(frozen=True, eq=False)
class _Dependency:
    """Shows FastAPI the security schemes as parameters, if the app uses FastAPI."""

    engine: Engine

    @property
    def __signature__(self) -> inspect.Signature:
        cookie = names_of(self.engine, self.engine.settings.url or "http:").session
        schemes = _security_schemes(cookie) if "fastapi" in sys.modules else ()
        keyword = inspect.Parameter.KEYWORD_ONLY
        return inspect.Signature(
            [inspect.Parameter(name, keyword, default=scheme) for name, scheme in schemes]
        )


@dataclass(frozen=True, eq=False)
class CurrentSession(_Dependency, Generic[U]):
    """Reads the session of the running event or request, without `await`."""

    def __call__(self, _state: object = None, /, **_: Any) -> Session[U] | None:
        caller = current_caller() or current_request()
        session = caller.session if caller else None
        is_active = session is not None and session.expires.timestamp() > self.engine.clock()
        return cast("Session[U]", session) if is_active else None


@dataclass(frozen=True, eq=False)
class RequiredSession(_Dependency, Generic[U]):
    """Reads the session of the running request, where there must be one."""

    async def __call__(self, **_: Any) -> Session[U]:
        request = current_request()
        if request is None:
            raise ConfigurationError("auth.required is for the app's own routes.")
        return cast("Session[U]", await request.require_session())


def _security_schemes(cookie: str) -> Iterator[tuple[str, Any]]:
    from fastapi import Depends
    from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
    from fastapi.openapi.models import SecurityBase as Model
    from fastapi.security.base import SecurityBase

    class Scheme(SecurityBase):
        """Describes a credential, which the sessions have checked."""

        def __init__(self, name: str, model: Model) -> None:
            self.scheme_name, self.model = name, model

        async def __call__(self) -> None:
            """Take nothing: FastAPI only describes it."""

    described = {
        "session": APIKey.model_validate({"in": APIKeyIn.cookie, "name": cookie}),
        "bearer": HTTPBearer(),
    }
    for name, model in described.items():
        yield name, Depends(Scheme(name, model))
