"""A model's values in JSON, as sessions are kept, sent and shown.

In JSON a date or an enum is text, and a tuple or a set is a list; the model turns them back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, PydanticUserError, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema, to_json

from ..errors import ConfigurationError
from ..record import PLAIN

Model = TypeVar("Model", bound=BaseModel)


def read(
    model: type[Model], values: Mapping[str, Any], *, unknown: Literal["ignore"] | None = None
) -> Model:
    """Read values: JSON's own, or what the app's code has for them.

    Args:
        model: What they shall be.
        values: The values, by the names of their fields or their aliases.
        unknown: What to do with fields that the model doesn't have; it decides by default.

    Returns:
        The values, with the model's types.

    Raises:
        ValidationError: If they don't fit the model.
        PydanticSerializationError: If JSON can't say one of them.
    """
    try:
        return model.model_validate(dict(values))  # a validator of the app may change them
    except ValidationError:  # as they are; or else as JSON has them
        text = to_json(values, by_alias=False, inf_nan_mode="null")
        return model.model_validate_json(text, extra=unknown, by_name=True)


def take(model: type[Model], asked: Mapping[str, Any]) -> Model:
    """Take values that somebody asks for: the model's own types, or else JSON's own, and no others.

    Args:
        model: What they shall be.
        asked: The values, by the names of their fields.

    Returns:
        The values, with the model's types.

    Raises:
        ValidationError: If they don't fit the model.
    """
    try:
        return model.model_validate(dict(asked))
    except ValidationError as error:
        try:
            text = json.dumps(asked, ensure_ascii=False).encode()
        except (RecursionError, TypeError, ValueError):
            raise error from None
        return model.model_validate_json(text, by_name=True)


def write(values: BaseModel, only: AbstractSet[str] | None = None) -> dict[str, Any]:
    """Write values the way `read` reads them.

    Args:
        values: The values, with their model's types.
        only: The names of the fields to write; all by default.

    Returns:
        The values in JSON, by the names of their fields.

    Raises:
        PydanticSerializationError: If JSON can't say one of them.
    """
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
    """Check that JSON can say what a model is for, as far as its types tell.

    Args:
        model: The model.

    Raises:
        ConfigurationError: If it can't; names the field.
    """
    if _is_sayable(model):
        return
    doubtful = [name for name in model.model_fields if not _is_sayable(_alone(model, name))]
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


class _Sayable(GenerateJsonSchema):
    def is_subclass_schema(self, schema: core_schema.IsSubclassSchema) -> JsonSchemaValue:
        return self.handle_invalid_for_json_schema(schema, "a class")

    def emit_warning(self, *_: Any) -> None:
        """Nobody reads the schema, so nothing has to be in it."""


def _is_sayable(model: type[BaseModel]) -> bool:
    try:
        model.model_json_schema(schema_generator=_Sayable)
    except (PydanticUserError, ValueError):  # the latter for an enum of what JSON can't say
        return False
    return True


def _alone(model: type[BaseModel], name: str) -> type[BaseModel]:
    """Make a model of one field of another."""
    field = model.model_fields[name]
    fields: dict[str, Any] = {name: (field.annotation, field)}
    return create_model("Alone", __config__=model.model_config, **fields)
