"""Bearer tokens: each has a session of its own (RFC 6750)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from .callbacks import Account
from .errors import ConfigurationError, TokenError
from .options import MAX_LIFETIME
from .record import Bearer, Device, SessionRecord
from .schema import User, read_name
from .sessions import SessionService

_TOKEN = re.compile(r"auth_([0-9a-f]{40})_([0-9a-f]{64})")
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,64}")
_PURPOSE = "bearer"


def has_our_form(token: str) -> bool:
    """Tell whether a token can be no other service's."""
    return _TOKEN.fullmatch(token) is not None


@dataclass(frozen=True, eq=False)
class BearerTokens:
    """Issues and verifies the tokens of programs: a session's id, and its MAC.

    None of them can be a cookie, and no cookie's token can be one of them.
    """

    sessions: SessionService

    async def issue(
        self,
        user: User,
        *,
        name: str,
        scopes: Collection[str],
        max_age: int,
        device: Device | None,
    ) -> str:
        """Begin a session that no use extends, and return its token."""
        if isinstance(scopes, str) or not all(map(_SCOPE.fullmatch, scopes)):
            raise ConfigurationError(
                f"scopes takes words like 'orders:read' (RFC 6749, section 3.3), not {scopes!r}."
            )
        if not 1 <= max_age <= MAX_LIFETIME:
            raise ConfigurationError(f"A token's max_age is 1 to {MAX_LIFETIME} seconds.")
        bearer = Bearer(scopes=tuple(sorted(set(scopes))))
        account = Account("bearer", "bearer")
        record = await self.sessions.begin(
            user, account, device=device, bearer=bearer, max_age=max_age, name=read_name(name)
        )
        mac = self.sessions.serializers.tokens.keys.mac(_PURPOSE, record.id)
        return f"auth_{record.id}_{mac}"

    async def verify(self, token: str) -> SessionRecord:
        """Verify a token and find its session. Never show the error to the token's bearer."""
        match, keys = _TOKEN.fullmatch(token), self.sessions.serializers.tokens.keys
        if match is None or not keys.verify(_PURPOSE, match[1], match[2]):
            raise TokenError("This is not a bearer token of this app.", reason="form")
        record = await self.sessions.find(match[1])
        if record is None or record.bearer is None:
            raise TokenError("The token's session has ended.", reason="session")
        return record
