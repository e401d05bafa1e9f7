"""What an account may be made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

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

from ..core.basics.spelling import folded
from ..core.errors import RuleBroken
from ..core.users.models import DisplayName
from ..core.users.schema import blame
from .errors import AccountRefused
from .passwords import new_password

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,30}[A-Za-z0-9]")


def _account_id(text: str) -> str:
    """Only letters that everybody can tell from each other: no two ids look the same."""
    account_id = text.strip()
    if not _ID.fullmatch(account_id):
        raise RuleBroken(
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
        raise RuleBroken("email_form", "must be an address like ada@example.org") from error
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
            AccountRefused: Names the first field that is wrong, and holds what is wrong with
                the others.
        """
        try:
            return cls.model_validate(dict(form))
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            first, *others = (blame(detail) for detail in details)
            raise AccountRefused(
                **first, also=[AccountRefused(**other) for other in others]
            ) from None


def check_differs(password: str, account_id: str) -> None:
    """Check that an id is not its own password.

    Args:
        password: The password.
        account_id: The id.

    Raises:
        RuleBroken: If it is.
    """
    if folded(password) == folded(account_id):
        raise RuleBroken("same_as_id", "must not be the id")
