"""What clients and callbacks may change of a user, and how users are stored."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, PydanticUserError, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticSerializationError, core_schema, to_json

from .errors import CallbackFailed, ConfigurationError, FieldValidationError, UpdateRejected
from .record import PLAIN
from .users import User, UserUpdate

Model = TypeVar("Model", bound=BaseModel)


def read(
    model: type[Model], values: Mapping[str, Any], *, unknown: Literal["ignore"] | None = None
) -> Model:
    """Read values: JSON's own, or what the app's code has for them."""
    try:
        return model.model_validate(dict(values))  # a validator of the app may change them
    except ValidationError:  # as they are; or else as JSON has them
        text = to_json(values, by_alias=False, inf_nan_mode="null")
        return model.model_validate_json(text, extra=unknown, by_name=True)


def take(model: type[Model], asked: Mapping[str, Any]) -> Model:
    """Validate values: the model's own types, or JSON's, and no others."""
    try:
        return model.model_validate(dict(asked))
    except ValidationError as error:
        try:
            text = json.dumps(asked, ensure_ascii=False).encode()
        except (RecursionError, TypeError, ValueError):
            raise error from None
        return model.model_validate_json(text, by_name=True)


def write(values: BaseModel, only: AbstractSet[str] | None = None) -> dict[str, Any]:
    """Write values the way `read` reads them."""
    if only is not None:
        fields = {name: getattr(values, name) for name in only}
        if PLAIN.issuperset(map(type, fields.values())):  # as they mostly are
            return fields
    written: dict[str, Any] = values.__pydantic_serializer__.to_python(  # `model_dump`, faster
        values,
        mode="json",
        include=None if only is None else set(only),
        by_alias=False,
        exclude_computed_fields=True,
    )
    return written


def check(model: type[BaseModel]) -> None:
    """Check that JSON can say what a model is for, as far as its types tell."""
    if _is_json_serializable(model):
        return
    doubtful = [
        name for name in model.model_fields if not _is_json_serializable(_alone(model, name))
    ]
    raise ConfigurationError(
        f"Sessions can't hold {model.__name__}.{', '.join(doubtful)}: they are kept in JSON, which "
        "has no word for its type. Give the field another type, such as str, or tell pydantic "
        "how to read and write it (BeforeValidator, PlainSerializer, WithJsonSchema)."
    )


def without_order(value: object) -> object:
    """Sort the lists in a value of JSON, which may be sets to the model."""
    if isinstance(value, dict):
        return {name: without_order(each) for name, each in value.items()}
    return sorted(map(without_order, value), key=repr) if isinstance(value, list) else value


class _JsonSerializable(GenerateJsonSchema):
    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        return self.handle_invalid_for_json_schema(schema, "a class")

    def emit_warning(self, *_: Any) -> None:
        """Nobody reads the schema, so nothing has to be in it."""


def _is_json_serializable(model: type[BaseModel]) -> bool:
    try:
        model.model_json_schema(schema_generator=_JsonSerializable)
    except (PydanticUserError, ValueError):  # the latter for an enum of what JSON can't say
        return False
    return True


def _fingerprint(model: type[BaseModel]) -> str:
    """Identify a model by what its fields may hold."""
    schema = model.model_json_schema(by_alias=False, schema_generator=_JsonSerializable)
    text = json.dumps([sorted(model.model_fields), schema], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _alone(model: type[BaseModel], name: str) -> type[BaseModel]:
    """Make a model of one field of another."""
    field = model.model_fields[name]
    fields: dict[str, Any] = {name: (field.annotation, field)}
    return create_model("Alone", __config__=model.model_config, **fields)


_NESTED = (list, dict)

logger = logging.getLogger("authdemo.sessions")

Author: TypeAlias = Literal["client", "server"]
"""Who asks for an update: the browser, or the app's own code."""


class IncompatibleUser(Exception):
    """A stored user doesn't match the current user model."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class UserSchema:
    """Turns what somebody asks for into changes that are allowed.

    Users are kept and shown in JSON; see `in_json`. Whatever takes a user's fields takes the
    values of JSON and those of Python, and what it gives are those of JSON.
    """

    def __init__(self, user: type[User], update: type[UserUpdate]) -> None:
        check(user)
        check(update)
        self.user = user
        self.update = update
        self.fingerprint = _fingerprint(user)
        self._logged: set[str] = set()
        self._fields = frozenset(user.model_fields)
        self._open = frozenset(update.model_fields)

    def read(self, fields: Mapping[str, Any]) -> User:
        """Read a user."""
        return read(self.user, fields)

    def migrate(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Bring stored fields in line with the current model."""
        try:
            user = self.read_older(fields)
        except ValidationError as error:
            raise self._incompatible(error) from error
        return self.write(user, fields, before=user)

    def read_older(self, fields: Mapping[str, Any]) -> User:
        """Read a user whom an older version of the app may have kept."""
        try:
            return read(self.user, fields)
        except ValidationError:
            return read(self.user, fields, unknown="ignore")

    def fitting(self, name: str, user: User) -> User:
        """Take a user whom a function of the app gave, if the app's own type has room for them."""
        try:
            self.read(self.adopt(user, {}))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            given, own, why = (
                type(user).__name__,
                self.user.__name__,
                to_error_kwargs(first)["message"],
            )
            message = "The callback %r returned %s, which doesn't fit the app's %s: %s"
            logger.error(message, name, given, own, why)  # noqa: TRY400
            raise CallbackFailed(name) from error
        return user

    def write(
        self,
        said: BaseModel,
        current: Mapping[str, Any],
        *,
        before: User | None = None,
        only: AbstractSet[str] | None = None,
    ) -> dict[str, Any]:
        """Write a user, or some fields of one.

        What means the same as before is said as before: a set has no order, and JSON's list has.
        """
        fields = write(said, only)
        turned = [
            name
            for name, value in fields.items()
            if type(value) in _NESTED and _same_unordered(value, current.get(name))
        ]
        if turned:
            before = before or self.read(current)
            same = [name for name in turned if getattr(before, name) == getattr(said, name)]
            fields |= {name: current[name] for name in same}
        return fields

    def adopt(
        self, user: User, current: Mapping[str, Any], *, only: AbstractSet[str] | None = None
    ) -> dict[str, Any]:
        """Write a user whom a function of the app has made, as `write` does."""
        try:
            return self.write(user, current, only=only)
        except PydanticSerializationError as error:
            logger.error("A user can't be kept in JSON, as sessions are: %s", error)  # noqa: TRY400
            raise CallbackFailed("user") from error

    def accept(self, current: Mapping[str, Any], asked: object, author: Author) -> dict[str, Any]:
        """Check an update as a whole: all of it is accepted, or none."""
        if not isinstance(asked, Mapping):
            raise UpdateRejected(
                "The update must be an object of fields and their new values.",
                reason="not_an_object",
            )
        wanted = _changed_fields(asked, current)
        for name in wanted:
            self._check_open(name, author)
        try:
            accepted = {**self._clean(current, wanted), **self._checked_rest(current, wanted)}
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UpdateRejected(**to_error_kwargs(first)) from error
        except PydanticSerializationError as error:
            raise UpdateRejected("The update holds what JSON can't say.") from error
        return _changed_fields(accepted, current)

    def server_owned_changes(self, current: Mapping[str, Any], user: User) -> dict[str, Any]:
        """Pick what is new in the fields that no client may change."""
        beyond = type(user).model_fields.keys() - self._open
        fields = self.adopt(user, current, only=beyond)
        return _changed_fields(fields, current)

    def _incompatible(self, error: ValidationError) -> IncompatibleUser:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        broken = {str(each["loc"][0]) if each["loc"] else "": each["type"] for each in found}
        rules = ", ".join(f"{field or 'all'}: {rule}" for field, rule in broken.items())
        if rules not in self._logged:
            self._logged.add(rules)
            message = "Ending sessions that no longer match user model %s (%s)."
            logger.error(message, self.user.__name__, rules)
        return IncompatibleUser(tuple(filter(None, broken)))

    def _check_open(self, name: str, author: Author) -> None:
        if name not in self._fields:
            raise UpdateRejected(
                f"A session has no field {name[:64]!r}.", field=name[:64], reason="no_such_field"
            )
        if name == "id" or (author == "client" and name not in self._open):
            raise UpdateRejected(
                f"The field {name!r} can't be changed here.", field=name, reason="fixed"
            )

    def _clean(self, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
        asked = {k: v for k, v in wanted.items() if k in self._open}
        return self.write(take(self.update, asked), current, only=asked.keys())

    def _checked_rest(
        self, current: Mapping[str, Any], wanted: Mapping[str, Any]
    ) -> dict[str, Any]:
        rest = {k: v for k, v in wanted.items() if k not in self._open}
        if not rest:
            return {}
        return self.write(self.read({**current, **rest}), current, only=rest.keys())


def to_error_kwargs(detail: ErrorDetails) -> dict[str, Any]:
    """Say what pydantic found wrong, as the errors of this package do."""
    field = str(detail["loc"][0]) if detail["loc"] else None
    broken = detail.get("ctx", {}).get("error")
    if isinstance(broken, FieldValidationError):
        reason, values = broken.reason, broken.values
    else:
        reason, values = detail["type"], _numbers(detail)
    message = f"The {field or 'update'} {_message(detail)}."
    return {"message": message, "field": field, "reason": reason, "values": values}


def _changed_fields(fields: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in fields.items()
        if not (name in current and type(current[name]) is type(value) and current[name] == value)
    }


def _same_unordered(new: object, old: object) -> bool:
    """Tell whether two values of JSON are the same but for the order in lists."""
    return new != old and without_order(new) == without_order(old)


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
