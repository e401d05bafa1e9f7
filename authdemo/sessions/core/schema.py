"""Users: their model, what may be changed, and how they are written as JSON."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    ValidationError,
    create_model,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticSerializationError, core_schema, to_json
from typing_extensions import TypeVar

from .errors import CallbackFailed, ConfigurationError, FieldValidationError, UpdateRejected
from .record import PLAIN, SessionRecord
from .text import HIDDEN_CHARACTER, TAGGED_FLAG, VISIBLE_CHARACTER

Model = TypeVar("Model", bound=BaseModel)

MAX_NAME_CHARACTERS = 64
MAX_URL_CHARACTERS = 2048
_MAX_VALIDATED = 16_384


def _visible(text: str) -> str:
    if HIDDEN_CHARACTER.search(TAGGED_FLAG.sub("", text)):
        raise FieldValidationError("invisible", "must not hold control or invisible characters")
    return text


def _display_name(text: str) -> str:
    name = _visible(text.strip())
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise FieldValidationError(
            "length", f"must have 1 to {MAX_NAME_CHARACTERS} characters", max=MAX_NAME_CHARACTERS
        )
    if VISIBLE_CHARACTER.search(name) is None:
        raise FieldValidationError("unseen", "must hold a character that can be seen")
    return name


def _picture_url(text: str) -> str:
    if not text or _is_https(_visible(text)):
        return text
    raise FieldValidationError("not_https", "must be empty or an https: address")


def _is_https(text: str) -> bool:
    try:
        url = urlsplit(text)
    except ValueError:
        return False
    return url.scheme == "https" and bool(url.hostname) and not {" ", "\\"} & set(text)


DisplayName = Annotated[
    str,
    AfterValidator(_display_name),
    Field(
        description=f"1 to {MAX_NAME_CHARACTERS} characters after trimming, some of them visible.",
        json_schema_extra={"pattern": r"\S"},
    ),
]
"""A name of 1 to 64 characters after trimming, some of them visible, and no control characters."""

PictureUrl = Annotated[
    str,
    Field(max_length=MAX_URL_CHARACTERS, description="Empty, or an https: address."),
    AfterValidator(_picture_url),
]
"""Empty, or an `https:` URL of at most 2048 characters."""


class User(BaseModel):
    """A user as the session knows it (Auth.js: `DefaultUser`).

    Subclass it to add fields. Every field is public: it is in the session's
    JSON and in the token. Clients and callbacks see a date or an enum as JSON
    has it; the app's own code gets it back with its type.

    Attributes:
        id: The user's id; it never changes.
        name: The name to show.
        email: The address.
        image: The address of a picture.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", validate_by_name=True)

    id: Annotated[str, Field(min_length=1, max_length=255)]
    name: str | None = None
    email: str | None = None
    image: str | None = None


U = TypeVar("U", bound=User, default=User)
U_contra = TypeVar("U_contra", bound=User, contravariant=True, default=User)


class UserUpdate(BaseModel):
    """The fields that a client may change, and to what.

    Subclass it to open more fields to the client. A field that is not in this
    model can be changed by the server alone. A default only makes naming a field
    optional: what is not named stays as it is.

    Attributes:
        name: The name to show.
        image: The address of a picture.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    name: DisplayName = ""
    image: PictureUrl | None = None


def read(
    model: type[Model], values: Mapping[str, Any], *, unknown: Literal["ignore"] | None = None
) -> Model:
    """Read values, of JSON or of Python."""
    try:
        return model.model_validate(dict(values))  # a validator of the app may change them
    except ValidationError:
        text = to_json(values, by_alias=False, inf_nan_mode="null")
        return model.model_validate_json(text, extra=unknown, by_name=True)


def validate(model: type[Model], requested: Mapping[str, Any]) -> Model:
    """Validate values: the model's own types, or those of JSON, and no others."""
    try:
        return model.model_validate(dict(requested))
    except ValidationError as error:
        try:
            text = json.dumps(requested, ensure_ascii=False).encode()
        except (RecursionError, TypeError, ValueError):
            raise error from None
        return model.model_validate_json(text, by_name=True)


def read_name(text: str) -> str:
    """Read a name that users see."""
    try:
        return validate(UserUpdate, {"name": text}).name
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UpdateRejected(**to_error_kwargs(first)) from error


def write(values: BaseModel, only: AbstractSet[str] | None = None) -> dict[str, Any]:
    """Write values as JSON."""
    if only is not None:
        fields = {name: getattr(values, name) for name in only}
        if PLAIN.issuperset(map(type, fields.values())):
            return fields
    written: dict[str, Any] = values.__pydantic_serializer__.to_python(  # `model_dump`, faster
        values,
        mode="json",
        include=None if only is None else set(only),
        by_alias=False,
        exclude_computed_fields=True,
    )
    return written


def check_model(model: type[BaseModel]) -> None:
    """Check that a model's types can be written as JSON."""
    if _is_json_serializable(model):
        return
    each: dict[str, Any] = {
        name: (field.annotation, field) for name, field in model.model_fields.items()
    }
    config = model.model_config
    doubtful = [
        name
        for name, field in each.items()
        if not _is_json_serializable(create_model("Alone", __config__=config, **{name: field}))
    ]
    raise ConfigurationError(
        f"Sessions can't hold {model.__name__}.{', '.join(doubtful)}: JSON doesn't have its type. "
        "Give the field another type, such as str, or make pydantic read and write it "
        "(BeforeValidator, PlainSerializer, WithJsonSchema)."
    )


def sort_lists(value: object) -> object:
    """Sort the lists in a JSON value, which may be sets in the model."""
    if isinstance(value, dict):
        return {name: sort_lists(each) for name, each in value.items()}
    return sorted(map(sort_lists, value), key=repr) if isinstance(value, list) else value


class _JsonSerializable(GenerateJsonSchema):
    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        return self.handle_invalid_for_json_schema(schema, "a class")

    def emit_warning(self, *_: Any) -> None:
        """Ignore warnings: the schema itself isn't used."""


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


logger = logging.getLogger("authdemo.sessions")

Author: TypeAlias = Literal["client", "server"]
"""Who requests an update: the browser, or the app's own code."""


class IncompatibleUser(Exception):
    """A stored user doesn't match the current user model."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class UserSchema:
    """Validates users and their updates. Its results are JSON values."""

    def __init__(self, user: type[User], update: type[UserUpdate]) -> None:
        check_model(user)
        check_model(update)
        self.user = user
        self.update = update
        self.fingerprint = _fingerprint(user)
        self._logged: set[str] = set()
        self._fields = frozenset(user.model_fields)
        self._open = frozenset(update.model_fields)

    def read(self, fields: Mapping[str, Any]) -> User:
        return read(self.user, fields)

    def migrate(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Bring stored fields in line with the current model."""
        try:
            user = self.read_older(fields)
        except ValidationError as error:
            raise self._incompatible(error) from error
        return self.write(user, fields, before=user)

    def read_older(self, fields: Mapping[str, Any]) -> User:
        """Read a user that another version of the app may have stored."""
        try:
            return read(self.user, fields)
        except ValidationError:
            return read(self.user, fields, unknown="ignore")

    def read_user(self, name: str, fields: Mapping[str, Any], location: str) -> User:
        """Read a mapping from a function of the app; its location is for the log."""
        try:
            return validate(self.user, fields)
        except ValidationError as error:
            raise self._mismatch(f"{name!r} ({location}) returned a mapping that", error) from error

    def check_user(self, name: str, user: User) -> User:
        """Check that a user from a function of the app matches the app's user model."""
        try:
            self.read(self.adopt(user, {}))
        except ValidationError as error:
            returned = f"{name!r} returned {type(user).__name__}, which"
            raise self._mismatch(returned, error) from error
        return user

    def _mismatch(self, returned: str, error: ValidationError) -> CallbackFailed:
        first = error.errors(include_url=False, include_input=False)[0]
        why = to_error_kwargs(first)["message"]
        message = "The callback %s doesn't match the app's %s: %s"
        logger.error(message, returned, self.user.__name__, why)
        return CallbackFailed()

    def write(
        self,
        values: BaseModel,
        current: Mapping[str, Any],
        *,
        before: User | None = None,
        only: AbstractSet[str] | None = None,
    ) -> dict[str, Any]:
        """Write a user, or some fields; equal values keep the order of their lists (sets)."""
        fields = write(values, only)
        reordered = [
            name
            for name, value in fields.items()
            if type(value) in (list, dict)
            and value != current.get(name)
            and sort_lists(value) == sort_lists(current.get(name))
        ]
        if reordered:
            before = before or self.read(current)
            same = [name for name in reordered if getattr(before, name) == getattr(values, name)]
            fields |= {name: current[name] for name in same}
        return fields

    def adopt(
        self, user: User, current: Mapping[str, Any], *, only: AbstractSet[str] | None = None
    ) -> dict[str, Any]:
        """Write a user from a function of the app, as `write` does."""
        try:
            return self.write(user, current, only=only)
        except PydanticSerializationError as error:
            logger.error("A user can't be written as JSON: %s", error)  # noqa: TRY400
            raise CallbackFailed from error

    def accept(
        self, current: Mapping[str, Any], requested: object, author: Author
    ) -> dict[str, Any]:
        """Validate an update, all of it or nothing, and return the changed fields."""
        if not isinstance(requested, Mapping):
            raise UpdateRejected(
                "The update must be an object of fields and their new values.",
                reason="not_an_object",
            )
        wanted = _changed_fields(requested, current)
        for name in wanted:
            self._check_open(name, author)
        try:
            opened = {name: wanted[name] for name in wanted if name in self._open}
            accepted = self.write(validate(self.update, opened), current, only=opened.keys())
            rest = {name: wanted[name] for name in wanted if name not in self._open}
            if rest:
                accepted |= self.write(self.read({**current, **rest}), current, only=rest.keys())
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise UpdateRejected(**to_error_kwargs(first)) from error
        except PydanticSerializationError as error:
            raise UpdateRejected("The update can't be written as JSON.") from error
        return _changed_fields(accepted, current)

    def changes_to(
        self, user: User, current: Mapping[str, Any], names: AbstractSet[str] = frozenset()
    ) -> dict[str, Any]:
        """Find the changes to the app's own user where no client may change it, or is named."""
        beyond = type(user).model_fields.keys() - (self._open - names)
        return _changed_fields(self.adopt(user, current, only=beyond), current)

    def open_names(self, requested: object) -> frozenset[str]:
        """Name the fields of an update that clients may change."""
        return self._open.intersection(requested if isinstance(requested, Mapping) else ())

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


@dataclass(frozen=True, eq=False)
class SchemaMigration:
    """Validates each version of a record once.

    The model's fingerprint doesn't show what its validators do: each process asks them once.
    """

    schema: UserSchema
    _validated: OrderedDict[str, int] = field(default_factory=OrderedDict, init=False)

    def is_current(self, record: SessionRecord) -> bool:
        """Whether this process has validated this version, stored with the current model."""
        is_known = self._validated.get(record.id) == record.version
        return is_known and record.user_schema == self.schema.fingerprint

    def migrate(self, record: SessionRecord) -> SessionRecord:
        """Read a record with the current model; raises `IncompatibleUser` if that fails."""
        if self.is_current(record):
            return record
        user = self.schema.migrate(record.user)
        if user == record.user and record.user_schema == self.schema.fingerprint:
            self.remember(record)
            return record
        new = {"user": user, "user_schema": self.schema.fingerprint}
        return record.model_copy(update=new)

    def remember(self, record: SessionRecord) -> None:
        self._validated[record.id] = record.version
        if len(self._validated) > _MAX_VALIDATED:
            self._validated.popitem(last=False)

    def forget(self, sid: str) -> None:
        self._validated.pop(sid, None)


def to_error_kwargs(detail: ErrorDetails) -> dict[str, Any]:
    """Convert pydantic's error to the arguments of an `AuthError`."""
    field = str(detail["loc"][0]) if detail["loc"] else None
    context = detail.get("ctx", {})
    reason = detail["type"]
    values = {"max": context["max_length"]} if "max_length" in context else {}
    if isinstance(broken := context.get("error"), FieldValidationError):
        reason, values = broken.reason, broken.values
    message = f"The {field or 'update'} {_message(detail)}."
    return {"message": message, "field": field, "reason": reason, "values": values}


def _changed_fields(fields: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in fields.items()
        if not (name in current and type(current[name]) is type(value) and current[name] == value)
    }


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
