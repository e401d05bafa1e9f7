"""Where a tab goes when its session ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from ...core.rules import Rule, Verdict, page_path
from ...engine import AuthCore
from ...http.sockets.connections import Connection

REFUSED = "/refused"
"""Where a member is led from a page that is not for them, if another server hands it out."""


@dataclass(frozen=True, eq=False)
class Navigation:
    """Knows the ways between an app's pages."""

    auth: AuthCore
    _: KW_ONLY
    serves_pages: bool

    def sign_in_url(self, connection: Connection | None) -> str:
        """Find the sign-in page for a signed-out tab (Auth.js: `SessionRequired`)."""
        here = connection.address if connection else "/"
        session_ended = connection is not None and connection.session_ended
        why = {"error": "SessionRequired", "code": "ended"} if session_ended else {}
        return self.auth.sign_in_url(callbackUrl=here, **why)

    def is_at_sign_in(self, connection: Connection) -> bool:
        """Tell whether a tab shows the sign-in page."""
        return page_path(connection.path) == page_path(self.auth.pages.sign_in)

    async def redirect_for(self, connection: Connection, session: Mapping[str, Any] | None) -> str:
        """Decide where a tab has to go from the page that it shows."""
        if session is None and connection.post_logout_url:
            return connection.post_logout_url
        rule = self.auth.page_rules.of(page_path(connection.path))
        if rule is not None and (url := await self._redirect_by_rule(rule, connection)):
            return url
        if session is not None and self.is_at_sign_in(connection) and not connection.explains_error:
            target = await self.auth.redirect(connection.callback_url, connection.base_url)
            return connection.path_of(target)
        return ""

    async def _redirect_by_rule(self, rule: Rule, connection: Connection) -> str:
        match await rule.decide(connection.session, self.auth.clock):
            case Verdict.SIGN_IN:
                return self.sign_in_url(connection)
            case Verdict.CONFIRM if not self.serves_pages:
                return self.auth.confirm_url(connection.address)
            case Verdict.DENIED:
                return connection.address if self.serves_pages else REFUSED
        return ""
