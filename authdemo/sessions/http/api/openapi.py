"""OpenAPI: `operation` describes a handler where it stands, and `describe` collects them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, ClassVar, NamedTuple, TypeVar

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from ...core.schema import UserSchema
from ...engine import Engine
from ..context import RequestContexts
from ..cookies import CookieNames, names_of
from ..router import Endpoint

_ERRORS = {
    "BadRequest": (400, "The body, a field of it or a header can't be read."),
    "NotAuthenticated": (401, "Nobody is signed in."),
    "InvalidToken": (401, "The bearer token is malformed, or its session has ended."),
    "CredentialsSignin": (401, "The credentials are wrong; `url` is the sign-in page."),
    "EmailSignInError": (401, "The link can't be mailed; `url` is the sign-in page."),
    "TicketRejected": (401, "The ticket is unknown, used, expired, void or another browser's."),
    "Refused": (403, "Another site, no valid CSRF token or `Host`, or `AccessDenied`."),
    "NotFound": (404, "There is no such provider."),
    "NoSuchSession": (404, "The user has no such session."),
    "TooSlow": (408, "The body did not arrive whole within 10 seconds."),
    "RevisionConflict": (409, "The session is at no revision of `If-Match`, but at `rev`."),
    "WeakRevision": (412, "All revisions of `If-Match` are weak, and those never match."),
    "TooLarge": (413, "The body has more than 16 KiB."),
    "UnsupportedMediaType": (415, "The body is neither JSON nor a form."),
    "UpdateRejected": (422, "The client can't change `field` like that. Nothing has changed."),
    "TokenTooLarge": (422, "The session would outgrow what a cookie can carry."),
    "UnclearChoice": (422, "A field of the body is missing or wrong; `field` names it."),
    "TooManyAttempts": (429, "Too many attempts for this account, or from this address."),
    "TooManyUpdates": (429, "The session is updated faster than the operator allows."),
    "CallbackFailed": (500, "A function of the app failed. The session stays as it was."),
    "StoreUnavailable": (503, "Sessions can't be verified now. Nobody is signed in or out."),
}
_OF_A_BODY = ("BadRequest", "TooSlow", "TooLarge", "UnsupportedMediaType", "StoreUnavailable")
_HEADERS = {
    "NoStore": "Cache-Control",
    "Public": "Cache-Control",
    "NoSniff": "X-Content-Type-Options",
}
_WORD = re.compile("[a-z]+")
_FORM = "application/x-www-form-urlencoded"

ANYONE: list[dict[str, list[str]]] = [{}]
MEMBER: list[dict[str, list[str]]] = [{"session": []}, {"sessionOverHttps": []}]
ANYONE_POST: list[dict[str, list[str]]] = [{"csrf": []}, {"csrfOverHttps": []}]
MEMBER_POST: list[dict[str, list[str]]] = [
    {"session": [], "csrf": []},
    {"sessionOverHttps": [], "csrfOverHttps": []},
]

Handler = TypeVar("Handler", bound=Callable[..., Any])


class Operation(NamedTuple):
    """What a handler answers, and its description."""

    method: str
    path: str
    document: Mapping[str, Any]


@dataclass(eq=False)
class Resource:
    """A group of operations; `operation` marks their handlers."""

    tag: ClassVar[str]

    engine: Engine
    contexts: RequestContexts


def ref(kind: str, name: str) -> dict[str, str]:
    """Refer to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def returns(
    description: str, schema: Mapping[str, Any], *, cookies: bool = False, is_public: bool = False
) -> dict[str, Any]:
    names = ["Public" if is_public else "NoStore", "NoSniff", *(["Set-Cookie"] if cookies else ())]
    return {"200": _response(description, names, schema)}


def redirects(*, cookies: bool = False) -> dict[str, Any]:
    """Describe a redirect, and its form for Auth.js's client."""
    suffix = "WithCookies" if cookies else ""
    names = {"200": f"Onward{suffix}", "302": f"Redirect{suffix}"}
    return {status: ref("responses", name) for status, name in names.items()}


def operation(
    route: str,
    description: str,
    *,
    answers: Mapping[str, Any],
    security: list[dict[str, list[str]]] = ANYONE,
    parameters: Iterable[str] = (),
    body: str = "",
    form: str = "",
    errors: str = "",
) -> Callable[[Handler], Handler]:
    """Mark a handler as what answers a method at a path; its docstring is the summary.

    What follows from the path and from `security` needn't be named.
    """
    method, _, path = route.partition(" ")
    has_csrf_token = any("csrf" in each for each in security)
    has_provider = "{provider}" in path
    possible = [*errors.split(), *(_OF_A_BODY if body or form else ())]
    possible += ["NotFound"] if has_provider else []
    named = [*parameters, *(["provider"] if has_provider else [])]
    named += ["origin", "secFetchSite"] if has_csrf_token else []
    rejections = {str(_ERRORS[each][0]): ref("responses", each) for each in possible}
    document: dict[str, Any] = {
        "operationId": method.lower() + "".join(map(str.capitalize, _WORD.findall(path))),
        "description": description,
        "security": security,
        "parameters": [ref("parameters", each) for each in named],
        "responses": dict(sorted({**answers, **rejections}.items())),
    }
    if body or form:
        schemas = {"application/json": body, _FORM: form or body}
        content = {kind: {"schema": ref("schemas", each)} for kind, each in schemas.items() if each}
        document["requestBody"] = {"required": True, "content": content}

    def mark(handler: Handler) -> Handler:
        document["summary"] = (handler.__doc__ or "").partition(".")[0]
        handler.__dict__.setdefault("operations", []).append(Operation(method, path, document))
        return handler

    return mark


def operations_of(group: Iterable[Resource]) -> list[tuple[Operation, Endpoint]]:
    return [
        (each._replace(document={"tags": [resource.tag], **each.document}), getattr(resource, name))
        for resource in group
        for name, handler in vars(type(resource)).items()
        for each in getattr(handler, "operations", ())
    ]


def describe(engine: Engine, operations: Iterable[Operation]) -> dict[str, Any]:
    source = resources.files(__package__).joinpath("components.json")
    names = _cookie_names(engine)
    any_name = re.compile("|".join(map(re.escape, names)))
    text = any_name.sub(lambda found: names[found[0]], source.read_text("utf-8"))
    document: dict[str, Any] = json.loads(text) | {"paths": {}}
    for method, path, described in operations:
        document["paths"].setdefault(path, {})[method.lower()] = described
    components = document["components"]
    components["responses"] |= {name: _error(*about) for name, about in _ERRORS.items()}
    components["parameters"]["provider"]["schema"]["enum"] = list(engine.providers)
    components["schemas"] |= _models(engine.sessions.schema)
    if engine.callbacks.session is not None:
        components["schemas"]["Session"] = {
            "description": "What the app's `session` callback returns.",
        }
    return document


def _cookie_names(engine: Engine) -> dict[str, str]:
    """Map the usual names of the cookies to the app's; those with a prefix are first."""
    return {
        getattr(CookieNames.of(url), field): getattr(names_of(engine, url), field)
        for url in ("https:", "http:")
        for field in ("session", "csrf", "callback_url", "state", "actor")
    }


def _error(status: int, description: str) -> dict[str, Any]:
    waits = ("Retry-After",) if status in (429, 503) else ()
    return _response(description, ["NoStore", "NoSniff", *waits], ref("schemas", "Error"))


def _response(description: str, names: Iterable[str], schema: Mapping[str, Any]) -> dict[str, Any]:
    headers = {_HEADERS.get(name, name): ref("headers", name) for name in names}
    content = {"application/json": {"schema": schema}}
    return {"description": description, "headers": headers, "content": content}


class _Models(GenerateJsonSchema):
    """Describes what matters to those who send or receive a model."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave defaults out: a field that a client doesn't name stays as it is."""
        return self.generate_inner(schema["schema"])

    def field_is_required(self, *arguments: Any, **options: Any) -> bool:
        """Promise every field to those who receive a user."""
        return self.mode == "serialization" or super().field_is_required(*arguments, **options)

    def handle_invalid_for_json_schema(self, *_: Any) -> JsonSchemaValue:
        """Promise nothing about a type that JSON Schema can't express."""
        return {}


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
