"""Passwords: rules, hashes and their turns."""

from __future__ import annotations

import asyncio
import math
import os
import re
import unicodedata
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeGuard, TypeVar

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from authdemo.sessions.core.rate_limit import Sender, current_sender
from authdemo.sessions.core.schema import to_error_kwargs
from authdemo.sessions.core.text import folded
from authdemo.sessions.core.users import DisplayName
from authdemo.sessions.errors import ConnectionLost, FieldValidationError

from .errors import AccountRejected, AccountsUnavailable

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,30}[A-Za-z0-9]")


def _account_id(text: str) -> str:
    """Only letters that everybody can tell from each other: no two ids look the same."""
    account_id = text.strip()
    if not _ID.fullmatch(account_id):
        raise FieldValidationError(
            "id_form",
            "must have 3 to 32 letters (a to z), digits, dots, hyphens and underscores, "
            "and begin and end with a letter or a digit",
        )
    return account_id


def _email(text: str) -> str:
    """Normal in its form; whether somebody reads what is sent there, only a letter could tell."""
    try:
        address = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise FieldValidationError(
            "email_form", "must be an address like ada@example.org"
        ) from error
    return address.normalized


class Registration(BaseModel):
    """What somebody asks for who has no account yet; other fields than these count for nothing.

    Attributes:
        id: The id: 3 to 32 of `a` to `z`, digits, `.`, `-` and `_`, letter case as it is typed.
        name: The name to show.
        email: The address. Several accounts may have the same one.
        password: The password, of at least 8 characters and at most 1024 bytes.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Annotated[str, AfterValidator(_account_id)]
    name: DisplayName
    email: Annotated[str, AfterValidator(_email)]
    password: Annotated[str, AfterValidator(new_password), Field(repr=False)]

    @field_validator("password")
    @classmethod
    def _is_no_id(cls, password: str, info: ValidationInfo) -> str:
        check_differs(password, str(info.data.get("id", "")))
        return password

    @classmethod
    def read(cls, form: Mapping[str, Any]) -> Registration:
        """Read a form.

        Args:
            form: What was sent.

        Returns:
            What was asked for, in its normal form.

        Raises:
            AccountRejected: Names the first field that is wrong, and holds what is wrong with
                the others.
        """
        try:
            return cls.model_validate(dict(form))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            first, *others = (to_error_kwargs(detail) for detail in details)
            raise AccountRejected(
                **first, also=[AccountRejected(**other) for other in others]
            ) from None


def check_differs(password: str, account_id: str) -> None:
    """Check that an id is not its own password."""
    if folded(password) == folded(account_id):
        raise FieldValidationError("same_as_id", "must not be the id")


T = TypeVar("T")

MAX_MEMORY = 512 * 1024
"""KiB that all hashes of a process take at once, unless a single one takes more."""

MAX_WAITING = 256
"""How many requests may wait; the next one would wait for longer than people do."""


class Hashing:
    """Makes as many hashes at once as there are cores, and as memory allows."""

    def __init__(self, memory_cost: int) -> None:
        count = at_once(memory_cost, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="passwords")
        self._turns = Turns(count, MAX_WAITING)

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Have something hashed while everyone else goes on."""
        async with self._turns.one():
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)


def at_once(memory_cost: int, cores: int) -> int:
    """Decide how many hashes run at once."""
    return max(1, min(cores, MAX_MEMORY // memory_cost))


class _Place(NamedTuple):
    sender: Sender
    turn: asyncio.Future[None]


@dataclass(eq=False)
class Turns:
    """Gives turns to so many at once.

    The address with the fewest turns under way comes next, so that one with many requests
    doesn't hold up the first request of another.
    """

    at_once: int
    max_waiting: int
    _underway: Counter[str] = field(default_factory=Counter, init=False)
    _waiting: dict[str, deque[_Place]] = field(default_factory=dict, init=False)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it."""
        sender = current_sender()
        if sender.has_left():
            raise ConnectionLost
        if self.at_once:
            self.at_once -= 1
            self._underway[sender.network] += 1
        else:
            await self._wait(sender)
        try:
            yield
        finally:
            self._pass_on(sender.network)

    async def _wait(self, sender: Sender) -> None:
        if self._is_full():
            self._make_room(sender.network)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sender.network, deque()).append(_Place(sender, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(sender.network)
            raise

    def _is_full(self) -> bool:
        return sum(map(len, self._waiting.values())) >= self.max_waiting

    def _make_room(self, network: str) -> None:
        """Drop the places of those that gave up, or else the last one of the largest crowd."""
        for here, places in list(self._waiting.items()):
            self._keep(here, deque(place for place in places if not _is_over(place)))
        if not self._is_full():
            return
        crowd = max(self._waiting, key=lambda here: len(self._waiting[here]))
        if len(self._waiting[crowd]) <= len(self._waiting.get(network, ())) + 1:
            raise AccountsUnavailable
        self._waiting[crowd].pop().turn.set_exception(AccountsUnavailable())

    def _pass_on(self, network: str) -> None:
        """Give a turn that ends to the next one; its own address still counts as having it."""
        while self._waiting:
            here = min(self._waiting, key=lambda each: self._underway[each])
            places = self._waiting.pop(here)
            place = places.popleft()
            self._keep(here, places)  # behind the other addresses
            if not _is_over(place):
                self._underway[here] += 1
                place.turn.set_result(None)
                break
        else:
            self.at_once += 1
        self._underway[network] -= 1
        if not self._underway[network]:
            del self._underway[network]

    def _keep(self, network: str, places: deque[_Place]) -> None:
        if places:
            self._waiting[network] = places
        else:
            self._waiting.pop(network, None)


def _is_over(place: _Place) -> bool:
    """Tell whether a request has given up, and end its wait if its sender has left."""
    if not place.turn.done() and place.sender.has_left():
        place.turn.set_exception(ConnectionLost())
    return place.turn.done()


LEAST_CHARACTERS = 8
MAX_BYTES = 1024

_CORES = os.cpu_count() or 1
_MIN_LANE_MEMORY = 8
"""KiB that Argon2 needs for each of its lanes (RFC 9106, section 3.1)."""


class Checked(NamedTuple):
    """What a check of a password found."""

    is_right: bool
    is_outdated: bool = False


class Passwords:
    """Hashes passwords, and checks them."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self.nobodys = self._hasher.hash("nobody has this password")

    @property
    def memory_cost(self) -> int:
        """KiB that a hash takes while it is made."""
        return self._hasher.memory_cost

    def hash(self, password: str) -> str:
        """Hash a password."""
        return self._hasher.hash(spelled(password))

    def check(self, typed: str, hashed: str | None) -> Checked:
        """Check a password, with as much work for an old hash or none as for a new one.

        Hashes that were made of another spelling of the same text stay good.
        """
        compared = hashed or self.nobodys
        spellings = _spellings(typed)
        found = [each for each in spellings if self._matches(each, compared)]
        if hashed is None or not found:
            self._make_up(compared, len(spellings))
            return Checked(is_right=False)
        is_otherwise = found[0] != spelled(typed)
        return Checked(True, is_otherwise or self._hasher.check_needs_rehash(hashed))  # noqa: FBT003

    def _matches(self, password: str, hashed: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False

    def _make_up(self, hashed: str, times: int) -> None:
        """Do what a check against a cheaper hash has spared (Django: `harden_runtime`)."""
        current = extract_parameters(self.nobodys)
        try:
            stored = extract_parameters(hashed)
        except InvalidHashError:
            stored = None
        if missing := missing_cost(stored, current):
            filler = PasswordHasher.from_parameters(missing)
            for _ in range(times):
                filler.hash("")


def missing_cost(stored: Parameters | None, current: Parameters) -> Parameters | None:
    """Find the hash that makes up for a cheaper one, in about the memory of a new one.

    Argon2's time grows with passes times memory, and shrinks with the lanes that have a core.
    """
    missing = (_effort(current) - (_effort(stored) if stored else 0)) * _lanes(current)
    passes = max(1, math.ceil(missing / current.memory_cost))
    memory_cost = round(missing / passes)
    if memory_cost < _MIN_LANE_MEMORY * current.parallelism:
        return None
    return replace(current, time_cost=passes, memory_cost=memory_cost)


def _effort(parameters: Parameters) -> float:
    return parameters.time_cost * parameters.memory_cost / _lanes(parameters)


def _lanes(parameters: Parameters) -> int:
    return min(parameters.parallelism, _CORES)


def new_password(text: str) -> str:
    """Check what shall become a password (NIST SP 800-63B, ASVS 6.2)."""
    if not could_be_one(text):
        raise FieldValidationError(
            "too_long", f"must have at most {MAX_BYTES} bytes, and no NUL", max=MAX_BYTES
        )
    if len(spelled(text)) < LEAST_CHARACTERS:
        raise FieldValidationError(
            "too_short", f"must have at least {LEAST_CHARACTERS} characters", least=LEAST_CHARACTERS
        )
    if folded(text.strip()) in _common_passwords():
        raise FieldValidationError("too_common", "must not be one of the most common passwords")
    return spelled(text)


def could_be_one(typed: object) -> TypeGuard[str]:
    """Tell whether something could be a password at all."""
    try:
        return isinstance(typed, str) and "\0" not in typed and len(typed.encode()) <= MAX_BYTES
    except UnicodeEncodeError:
        return False


@cache
def _common_passwords() -> frozenset[str]:
    """Load 30,000 common passwords when the first one is chosen (ASVS 6.2.4)."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def spelled(password: str) -> str:
    """Spell a password as any keyboard would: in NFC (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password)


def _spellings(typed: str) -> tuple[str, ...]:
    """List how a password may have been spelled when it was hashed, today's way first."""
    return tuple(dict.fromkeys((spelled(typed), typed)))
