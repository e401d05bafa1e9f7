"""The client proposes, the schema decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .errors import RuleBroken, UpdateRefused
from .users import User, UserUpdate

Author: TypeAlias = Literal["client", "server"]
"""Who asks for an update: the browser, or the app's own code."""


class UserSchema:
    """Turns what somebody asks for into changes that are allowed."""

    def __init__(self, user: type[User], update: type[UserUpdate]) -> None:
        """Make a schema.

        Args:
            user: The fields that exist.
            update: The fields that a client may change.
        """
        self.user = user
        self.update = update
        self._fields = frozenset(user.model_fields)
        self._open = frozenset(update.model_fields)

    def accept(self, current: Mapping[str, Any], asked: object, author: Author) -> dict[str, Any]:
        """Check an update as a whole: all of it is accepted, or none.

        Args:
            current: The user's fields as they are.
            asked: The fields to change and their new values. Fields not named
                stay; an unchanged value of a fixed field does no harm.
            author: Who asks.

        Returns:
            The fields that change, with their new values.

        Raises:
            UpdateRefused: Names the field that is to blame.
        """
        if not isinstance(asked, Mapping):
            raise UpdateRefused(
                "The update must be an object of fields and their new values.",
                reason="not_an_object",
            )
        wanted = _that_differ(asked, current)
        for name in wanted:
            self._check_open(name, author)
        accepted = {**self._clean(wanted), **self._checked_rest(current, wanted)}
        return _that_differ(accepted, current)

    def beyond_clients(self, user: User) -> dict[str, Any]:
        """Pick the fields that no client may change.

        Args:
            user: The user.

        Returns:
            Those fields and their values.
        """
        fields = user.model_dump()
        return {name: fields[name] for name in fields if name not in self._open}

    def _check_open(self, name: str, author: Author) -> None:
        if name not in self._fields:
            raise UpdateRefused(
                f"A session has no field {name[:64]!r}.", field=name[:64], reason="no_such_field"
            )
        if name == "id" or (author == "client" and name not in self._open):
            raise UpdateRefused(
                f"The field {name!r} can't be changed here.", field=name, reason="fixed"
            )

    def _clean(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        open_to_clients = {k: v for k, v in wanted.items() if k in self._open}
        cleaned = _validated(self.update, open_to_clients)
        return {name: getattr(cleaned, name) for name in open_to_clients}

    def _checked_rest(
        self, current: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        rest = {k: v for k, v in wanted.items() if k not in self._open}
        if not rest:
            return {}
        whole = _validated(self.user, {**current, **rest})
        return {name: getattr(whole, name) for name in rest}


def blame(detail: ErrorDetails) -> dict[str, Any]:
    """Say what pydantic found wrong, as the errors of this package do.

    Args:
        detail: One of its findings.

    Returns:
        What `AuthError` takes.
    """
    field = str(detail["loc"][0]) if detail["loc"] else None
    broken = detail.get("ctx", {}).get("error")
    if isinstance(broken, RuleBroken):
        reason, values = broken.reason, broken.values
    else:
        reason, values = detail["type"], _numbers(detail)
    message = f"The {field or 'update'} {_message(detail)}."
    return {"message": message, "field": field, "reason": reason, "values": values}


def _that_differ(fields: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in fields.items()
        if not (name in current and type(current[name]) is type(value) and current[name] == value)
    }


def _validated(model: type[BaseModel], values: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UpdateRefused(**blame(first)) from error


def _numbers(detail: ErrorDetails) -> dict[str, Any]:
    most = detail.get("ctx", {}).get("max_length")
    return {} if most is None else {"most": most}


def _message(detail: ErrorDetails) -> str:
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "string_too_long":
            return f"must have at most {detail['ctx']['max_length']} characters"
        case "string_type":
            return "must be text"
        case "missing":
            return "is needed"
    return "is not valid: " + detail["msg"][:1].lower() + detail["msg"][1:]
