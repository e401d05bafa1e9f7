"""Where the command line reaches a running app: one route, for loopback and the operator only."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.types import Scope

from ..core.errors import AuthError, NotAuthenticated, NotFound, TokenError, TooManyAttempts
from ..core.operator import OPERATOR, OperatorTokens, Order
from ..core.rate_limit import is_loopback, parse_address
from ..core.utils import make_data_folder
from ..engine import Engine
from .outermost import HOST
from .router import Request, Response, header, private_json

_BY_OTHERS = (b"forwarded", b"origin", b"via", b"x-real-ip")
_PREFIXES = (b"cf-", b"sec-fetch-", b"x-forwarded-")
"""Headers that proxies and browsers add, and the command line never."""
_NOT_DONE = 422

logger = logging.getLogger("authdemo.sessions")


@dataclass(eq=False)
class OperatorApi:
    """Runs the commands of the operator. To others there is nothing at its address."""

    engine: Engine

    def __post_init__(self) -> None:
        clock = self.engine.clock
        self._since, self._tokens = clock(), OperatorTokens(self.engine.settings.keys, clock=clock)
        self._limit = self.engine.address_limit(OPERATOR)

    async def run(self, request: Request) -> Response:
        if not is_direct(request.scope):
            raise NotFound
        order = await self._redeem((await request.read()).get("token"))
        try:
            return private_json({"result": await self.engine.commands.run(*order)})
        except AuthError as error:
            return private_json(error.to_dict(), _NOT_DONE)

    async def _redeem(self, token: object) -> Order:
        try:
            return await self._tokens.redeem(token, self.engine.sessions.store, since=self._since)
        except TokenError as error:
            if wait := await self._limit.take(OPERATOR):
                raise TooManyAttempts(wait) from error
            raise NotAuthenticated(error.message, reason="invalid_token") from error


def is_direct(scope: Scope) -> bool:
    """Tell whether a program of this machine sends a request, by itself and to this machine."""
    client = parse_address(scope["client"][0]) if scope.get("client") else None
    host = HOST.fullmatch(header(scope, b"host"))
    if client is None or not client.is_loopback or host is None or not is_loopback(host[1]):
        return False
    names = [name.lower() for name, _ in scope["headers"]]
    return not any(name in _BY_OTHERS or name.startswith(_PREFIXES) for name in names)


@contextmanager
def announced(path: Path, port: int | None) -> Iterator[None]:
    """Say in a file how the command line reaches this process. Of several, the last one counts."""
    own = json.dumps({"pid": os.getpid(), "port": port})
    try:
        make_data_folder(path.parent)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(own)
        Path(draft).replace(path)
    except OSError as error:
        logger.warning("The command line won't find this app by itself. (%s)", error)
    try:
        yield
    finally:
        with suppress(OSError):
            if path.read_text() == own:
                path.unlink()
