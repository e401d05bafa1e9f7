"""Who a provider says somebody is, and which user of the app that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.record import ProviderSession
from ..core.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a provider has vouched for, with everything verified.

    Attributes:
        provider: The provider's id.
        issuer: Who vouches.
        subject: Whom the issuer means; with the issuer, the one thing to know a user by.
        claims: What else it says.
        member: The user who was signed in when the sign-in began, or None. To link accounts,
            remember issuer and subject for this user; an e-mail address proves nothing.
        session: What the session is at the provider, for the server alone.
    """

    provider: str
    issuer: str
    subject: str
    claims: Mapping[str, Any]
    member: User | None = None
    session: ProviderSession | None = field(default=None, repr=False)


def default_user(identity: Identity) -> User:
    """Make a user of an identity, for apps that keep none.

    Args:
        identity: Who it is.

    Returns:
        A user whose id is made of issuer and subject (OpenID Connect Core, section 2): it stays
        when the provider gets another id here. The e-mail address is taken if the provider has
        verified it.
    """
    claims = identity.claims
    email = claims.get("email") if claims.get("email_verified") is True else None
    return User(
        id=f"{identity.issuer}#{identity.subject}",  # an issuer has no fragment
        name=_text(claims.get("name") or claims.get("preferred_username")),
        email=_text(email),
        image=_text(claims.get("picture")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
