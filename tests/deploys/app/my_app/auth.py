"""An app whose users have fields of types that JSON has no word for, in two versions."""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from authdemo.sessions import Auth, Credentials, User, UserUpdate

trail = logging.getLogger("authdemo.sessions.audit")
trail.setLevel("INFO")
trail.addHandler(logging.StreamHandler(sys.stderr))
trail.handlers[0].setFormatter(logging.Formatter("%(name)s: %(message)s"))


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Home(BaseModel):
    street: str
    since: date = date(1835, 7, 8)


class Typed(User):
    born: date = date(1815, 12, 10)
    seen: datetime = datetime(1842, 1, 1, 12, tzinfo=UTC)
    size: Size = Size.SMALL
    key: UUID = UUID(int=7)
    balance: Decimal = Decimal("1.50")
    home: Home = Home(street="St James's Square")
    path: tuple[str, ...] = ("a", "b")
    tags: frozenset[str] = frozenset("abc")


class Older(Typed):
    plan: Literal["free", "gold"] = "free"
    nickname: str = "Enchantress"


class Newer(Typed):
    plan: Literal["free"] = "free"
    colour: str = "blue"


class MemberUpdate(UserUpdate):
    born: date = date.min
    size: Size = Size.SMALL
    home: Home | None = None
    tags: frozenset[str] = frozenset()


Member = {"older": Older, "newer": Newer}[os.environ["VERSION"]]


def authorize(credentials):
    if credentials.get("password") != "tutorial":
        return None
    more = {"plan": "gold"} if credentials["id"] == "grace" and Member is Older else {}
    return Member(id=credentials["id"], name="A secret name", **more)


providers = [Credentials(authorize=authorize)]
if Member is Older:
    providers.append(Credentials(authorize=authorize, id="guild", name="The guild"))
auth = Auth(providers=providers, user=Member, update=MemberUpdate)
