"""The OpenAPI description of `/api/auth`, true for the app that serves it.

What is the same everywhere is in `openapi.json` beside this file. The ids of the
providers and the fields of a user are the app's own.
"""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from ...core.users.schema import UserSchema
from ...setup.auth import AuthCore


class _Models(GenerateJsonSchema):
    """Says of a model what matters to who sends or gets it."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave defaults out: what a client doesn't name stays as it is."""
        return self.generate_inner(schema["schema"])

    def field_is_required(self, *arguments: Any, **options: Any) -> bool:
        """Promise every field to who gets a user."""
        return self.mode == "serialization" or super().field_is_required(*arguments, **options)

    def handle_invalid_for_json_schema(self, *_: Any) -> JsonSchemaValue:
        """Promise nothing about a type that JSON Schema has no words for."""
        return {}


def describe(auth: AuthCore) -> dict[str, Any]:
    """Describe an app's `/api/auth`.

    Args:
        auth: The app's sessions.

    Returns:
        An OpenAPI 3.1 document.
    """
    source = resources.files(__package__).joinpath("openapi.json")
    text = source.read_text("utf-8").replace("authjs.", f"{auth.settings.cookie_prefix}.")
    document: dict[str, Any] = json.loads(text)
    components = document["components"]
    components["parameters"]["provider"]["schema"]["enum"] = list(auth.providers)
    components["schemas"] |= _models(auth.sessions.schema)
    if "session" in auth.callbacks.own:
        components["schemas"]["Session"] = {
            "description": "What the app's `session` callback shows of the session.",
        }
    return document


def _models(schema: UserSchema) -> dict[str, JsonSchemaValue]:
    """Describe the app's models, under names that are not ours."""
    references, described = models_json_schema(
        [(schema.user, "serialization"), (schema.update, "validation")],
        ref_template="#/components/schemas/app.{model}",
        schema_generator=_Models,
    )
    models = {f"app.{name}": model for name, model in described["$defs"].items()}
    for model in models.values():
        model["description"] = model.get("description", "").partition("\n")[0]
    return {
        **models,
        "User": references[schema.user, "serialization"],
        "UserUpdate": references[schema.update, "validation"],
    }
