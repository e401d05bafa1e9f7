"""Passwords and registrations: rules and hashes."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Annotated, Any, NamedTuple, TypeGuard

from argon2 import Parameters, PasswordHasher, extract_parameters
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

from authdemo.sessions.errors import FieldValidationError, to_error_kwargs
from authdemo.sessions.providers import DisplayName

from .errors import AccountRejected
from .hashes import Argon2, InvalidHash, StoredHash, effort, foreign_effort, lanes, read_hash

MIN_CHARACTERS = 8
MAX_BYTES = 1024

_MIN_LANE_MEMORY = 8
"""KiB that Argon2 needs for each of its lanes (RFC 9106, section 3.1)."""


class Checked(NamedTuple):
    """The outcome of a check.

    A hash is outdated if new ones cost more, or if another app made it. A problem says why it
    can't be checked.
    """

    is_right: bool
    is_outdated: bool = False
    problem: str = ""


class Passwords:
    """Hashes passwords, and checks them."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self.dummy_hash = self._hasher.hash("the password of no account")
        self._current = extract_parameters(self.dummy_hash)
        self._dummy = Argon2(self.dummy_hash, self._current, self._hasher)
        self._largest_effort = effort(self._current)

    @property
    def memory_cost(self) -> int:
        """KiB that a hash takes while it is made."""
        return self._hasher.memory_cost

    def hash(self, password: str) -> str:
        """Hash a password."""
        return self._hasher.hash(normalized(password))

    def expect(self, hashes: Iterable[str]) -> None:
        """Let every wrong guess cost as much as with the dearest of these hashes."""
        for hashed in hashes:
            with suppress(InvalidHash):
                self._read(hashed)

    def check(self, typed: str, hashed: str | None) -> Checked:
        """Check a password, with as much work for any hash, or none, as for the dearest one."""
        problem = ""
        try:
            stored = self._read(hashed)
            is_right = _matches(typed, stored or self._dummy)
        except InvalidHash as error:
            stored, is_right, problem = None, _matches(typed, self._dummy), str(error)
        if stored is None or not is_right:
            self._make_up(stored or self._dummy)
            return Checked(is_right=False, problem=problem)
        is_own = isinstance(stored, Argon2) and not stored.is_foreign
        is_outdated = not is_own or self._hasher.check_needs_rehash(hashed or "")
        return Checked(is_right=True, is_outdated=is_outdated)

    def _read(self, hashed: str | None) -> StoredHash | None:
        stored = None if hashed is None else read_hash(hashed, self._hasher)
        if stored:
            self._largest_effort = max(self._largest_effort, self._effort(stored))
        return stored

    def _effort(self, stored: StoredHash) -> float:
        if isinstance(stored, Argon2):
            return effort(stored.parameters)
        return foreign_effort(stored, self.memory_cost)

    def _make_up(self, stored: StoredHash) -> None:
        """Do what a check against a cheaper hash has spared (Django: `harden_runtime`)."""
        missing = self._largest_effort - self._effort(stored)
        if parameters := missing_cost(missing, self._current):
            PasswordHasher.from_parameters(parameters).hash("")


def _matches(typed: str, stored: StoredHash) -> bool:
    """Check a password: as it was typed for other apps, which don't normalize."""
    return stored.matches(typed if stored.is_foreign else normalized(typed))


def missing_cost(missing: float, current: Parameters) -> Parameters | None:
    """Find the hash that takes a missing effort, in about the memory of a new one."""
    filled = missing * lanes(current)
    passes = max(1, math.ceil(filled / current.memory_cost))
    memory_cost = round(filled / passes)
    if memory_cost < _MIN_LANE_MEMORY * current.parallelism:
        return None
    return replace(current, time_cost=passes, memory_cost=memory_cost)


def new_password(text: str) -> str:
    """Check a new password (NIST SP 800-63B, ASVS 6.2)."""
    if not is_possible(text):
        raise FieldValidationError(
            "too_long", f"must have at most {MAX_BYTES} bytes, and no NUL", max=MAX_BYTES
        )
    if len(normalized(text)) < MIN_CHARACTERS:
        raise FieldValidationError(
            "too_short", f"must have at least {MIN_CHARACTERS} characters", least=MIN_CHARACTERS
        )
    if folded(text.strip()) in _common_passwords():
        raise FieldValidationError("too_common", "must not be one of the most common passwords")
    return normalized(text)


def is_possible(typed: object) -> TypeGuard[str]:
    """Tell whether something is text that a password or an id can be."""
    try:
        return isinstance(typed, str) and "\0" not in typed and len(typed.encode()) <= MAX_BYTES
    except UnicodeEncodeError:
        return False


@cache
def _common_passwords() -> frozenset[str]:
    """Load 30,000 common passwords when the first one is chosen (ASVS 6.2.4)."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def normalized(password: str) -> str:
    """Normalize a password, so that all keyboards give the same (RFC 8265, OpaqueString)."""
    return unicodedata.normalize("NFC", password)


def folded(text: str) -> str:
    """Fold a text without letter case and width, to compare it (Unicode: NFKC_Casefold)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,30}[A-Za-z0-9]")


def _account_id(text: str) -> str:
    """Allow plain letters only, so that no two ids look the same."""
    account_id = text.strip()
    if not _ID.fullmatch(account_id):
        raise FieldValidationError(
            "id_form",
            "must have 3 to 32 letters (a to z), digits, dots, hyphens and underscores, "
            "and begin and end with a letter or a digit",
        )
    return account_id


def _email(text: str) -> str:
    """Normalize the address; it isn't verified."""
    try:
        address = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        raise FieldValidationError(
            "email_form", "must be an address like ada@example.org"
        ) from error
    return address.normalized


EmailAddress = Annotated[str, AfterValidator(_email)]
"""An address in its normal form."""


def read_email(typed: object) -> str:
    """Read an address, in its normal form.

    Raises:
        AccountRejected: If it isn't one.
    """
    try:
        return _email(typed if isinstance(typed, str) and len(typed) <= MAX_BYTES else "")
    except FieldValidationError as broken:
        raise AccountRejected(
            f"The address {broken}.", field="email", reason=broken.reason
        ) from None


class Registration(BaseModel):
    """The form for a new account; other fields are ignored.

    Attributes:
        id: The id: 3 to 32 of `a` to `z`, digits, `.`, `-` and `_`, letter case as it is typed.
        name: The name to show.
        email: The address. Several accounts may have the same one.
        password: The password, of at least 8 characters and at most 1024 bytes.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", hide_input_in_errors=True)

    id: Annotated[str, AfterValidator(_account_id)]
    name: DisplayName
    email: EmailAddress
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
            form: The fields.

        Returns:
            The registration, in its normal form.

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


def checked_password(password: object, account_id: str) -> str:
    """Check a new password of an account.

    Raises:
        AccountRejected: If it can't be one.
    """
    try:
        text = new_password(password if isinstance(password, str) else "")
        check_differs(text, account_id)
    except FieldValidationError as broken:
        raise AccountRejected(
            f"The password {broken}.", field="password", reason=broken.reason, values=broken.values
        ) from None
    return text
