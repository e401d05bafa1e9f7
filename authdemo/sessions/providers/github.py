"""GitHub's dialect: who somebody is, and which of their addresses is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import OAuthCallbackError
from .oauth2 import Grant

EMAIL_SCOPES = frozenset({"user", "user:email"})


async def read_claims(profile: Mapping[str, Any], granted: Grant, *, emails: str) -> dict[str, Any]:
    """Read GitHub's profile as OpenID Connect would tell it.

    The subject is the numeric id: a login can be changed, and then taken by somebody else. The
    profile's own address is what its owner wants to be seen, so it isn't used.

    Args:
        profile: What `GET /user` says.
        granted: Asks for more.
        emails: Where the addresses are: `GET /user/emails`.

    Returns:
        The claims.

    Raises:
        OAuthCallbackError: If GitHub doesn't say who it is.
    """
    number = profile.get("id")
    if type(number) is not int:
        raise OAuthCallbackError("GitHub doesn't say who it is.", reason="subject")
    email = _primary(await granted.ask(emails)) if granted.scope & EMAIL_SCOPES else None
    return {
        "sub": str(number),
        "name": profile.get("name") or profile.get("login"),
        "preferred_username": profile.get("login"),
        "picture": profile.get("avatar_url"),
        "email": email,
        "email_verified": email is not None,
    }


def _primary(addresses: object) -> str | None:
    """Find the primary address, if it is verified."""
    listed = addresses if isinstance(addresses, list) else []
    own = (each for each in listed if isinstance(each, dict) and each.get("primary") is True)
    chosen = next(own, {})
    email = chosen.get("email")
    return email if chosen.get("verified") is True and isinstance(email, str) else None
