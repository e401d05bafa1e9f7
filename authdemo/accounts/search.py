"""Accounts found by the beginning of an id, an e-mail address or a name, a page at a time."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, tuple_
from sqlmodel import Session, col, select

from .errors import AccountRejected
from .models import AccountRow, Member
from .passwords import folded, is_possible

MAX_PAGE = 200

_KEYS = ("folded", "email_folded", "name_folded")
"""What accounts are found by, in this order."""

_LAST = "\U0010ffff"


class ListedMember(Member):
    """A user in a page of accounts.

    Attributes:
        disabled: Whether the account can't be used.
        created_at: When it was made, in seconds since 1970.
    """

    disabled: bool
    created_at: float


@dataclass(frozen=True)
class Page:
    """Some of the accounts that were searched for.

    Attributes:
        members: Their users.
        cursor: What to pass as `after` for the next page, or empty after the last one.
    """

    members: Sequence[ListedMember]
    cursor: str


@dataclass(frozen=True)
class Search:
    """Finds accounts by id first, then others by e-mail address, then others by name.

    Each of the three reads its own index from where the last page ended. An account that an
    earlier one has found is left out, so that no page reads more than the pages before have shown.
    """

    text: str
    after: str
    limit: int
    role: str | None = None
    disabled: bool | None = None

    def run(self, session: Session) -> Page:
        """Read a page, and one row more, which tells whether there is another."""
        number, *place = _read_cursor(self.after) if self.after else (0,)
        rows: list[tuple[int, AccountRow]] = []
        while number < (len(_KEYS) if self.text else 1) and len(rows) <= self.limit:
            query = self._query(number, place).limit(self.limit + 1 - len(rows))
            rows += ((number, row) for row in session.exec(query))
            number, place = number + 1, []
        shown = rows[: self.limit]
        return Page(
            [_listed(row) for _, row in shown],
            _cursor(*shown[-1]) if len(rows) > self.limit else "",
        )

    def _query(self, number: int, place: Sequence[str]) -> Any:
        key, own = _column(_KEYS[number]), _column(_KEYS[0])
        conditions = [not_(self._begins(_column(earlier))) for earlier in _KEYS[:number]]
        if self.text:
            conditions.append(self._begins(key))
        if place:
            conditions.append(own > place[-1] if number == 0 else tuple_(key, own) > tuple(place))
        if self.role is not None:
            conditions.append(_column("role") == self.role)
        if self.disabled is not None:
            is_disabled = _column("disabled")
            conditions.append(is_disabled if self.disabled else ~is_disabled)
        order = (own,) if number == 0 else (key, own)
        return select(AccountRow).where(*conditions).order_by(*order)

    def _begins(self, key: Any) -> ColumnElement[bool]:
        return and_(key >= self.text, key < self.text + _LAST)


def _column(name: str) -> Any:
    return col(getattr(AccountRow, name))


def make_search(
    text: str, *, after: str, limit: int, role: str | None, disabled: bool | None
) -> Search:
    """Check what is searched for."""
    if not is_possible(text):
        raise AccountRejected("No account can be found by this.", field="text", reason="text")
    wanted = max(1, min(limit, MAX_PAGE))
    return Search(folded(text.strip()), after, wanted, role, disabled)


def _listed(row: AccountRow) -> ListedMember:
    known = row.member().model_dump()
    return ListedMember(**known, disabled=row.disabled, created_at=row.created_at)


def _cursor(number: int, row: AccountRow) -> str:
    place = [getattr(row, key) for key in dict.fromkeys((_KEYS[number], _KEYS[0]))]
    return urlsafe_b64encode(json.dumps([number, *place]).encode()).decode()


def _read_cursor(cursor: str) -> tuple[Any, ...]:
    try:
        number, *place = json.loads(urlsafe_b64decode(cursor))
        is_valid = number in range(len(_KEYS)) and len(place) == min(number, 1) + 1
        if is_valid and all(map(is_possible, place)):
            return number, *place
    except (TypeError, ValueError):
        pass
    raise AccountRejected("There is no such page.", field="after", reason="cursor")
