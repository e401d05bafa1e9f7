"""The OpenAPI description of `/api/auth`: valid, complete, and the app's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel

from authdemo.sessions.core.callbacks import Callbacks
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.schema import User, UserUpdate
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.http.api import Api
from authdemo.sessions.http.context import RequestContexts
from authdemo.sessions.http.outermost import Origins
from authdemo.sessions.http.router import BASE
from authdemo.sessions.providers.credentials import Credentials
from authdemo.testing.browser import AS_CLIENT, CSRF, SESSION
from tests.support.browser import PASSWORD, Browser
from tests.support.house import SECRET

SECURE_NAMES = {"__Secure-authjs.session-token", "__Host-authjs.csrf-token"}


class Badge(BaseModel):
    """What a member shows at the door.

    This part is for who reads the code.
    """

    number: int
    colour: str = "blue"


class Session(User):
    """A user whose model has the name of one of ours."""

    badge: Badge
    key: object = None
    nickname: str = ""


class Nickname(UserUpdate):
    """What a member may change."""

    nickname: str = ""


def an_auth(folder: Path, **options: Any) -> Engine:
    settings = Settings(keys=KeyRing([SECRET]), data_dir=folder)
    provider = Credentials(id="staff", authorize=lambda _: None)
    return Engine(providers=[provider], settings=settings, **options)


def describe(auth: Engine) -> dict[str, Any]:
    return Api(auth, RequestContexts(auth, Origins(None))).document


def served(browser: Browser) -> dict[str, Any]:
    document: dict[str, Any] = browser.get(f"{BASE}/openapi.json").json()
    return document


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    schema: dict[str, Any] = document["components"]["schemas"][name]
    return schema_of(document, schema["$ref"].rpartition("/")[2]) if "$ref" in schema else schema


def test_description_is_valid(browser: Browser) -> None:
    OpenAPIV31SpecValidator(served(browser)).validate()


def test_description_of_another_app_is_valid(tmp_path: Path) -> None:
    auth = an_auth(tmp_path, user=Session, update=Nickname)
    OpenAPIV31SpecValidator(describe(auth)).validate()


def test_description_is_public_and_cacheable(john: Browser) -> None:
    for browser in (john, Browser(john.server)):
        answer = browser.get(f"{BASE}/openapi.json")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert "Set-Cookie" not in answer.headers


def test_description_has_the_apps_user(browser: Browser, john: Browser) -> None:
    user = schema_of(served(browser), "User")
    assert set(user["properties"]) == set(user["required"]) == set(john.session()["user"])


def test_description_has_the_apps_update_model(browser: Browser, tmp_path: Path) -> None:
    assert set(schema_of(served(browser), "UserUpdate")["properties"]) == {"name", "image"}
    other = describe(an_auth(tmp_path, user=Session, update=Nickname))
    assert set(schema_of(other, "UserUpdate")["properties"]) == {"name", "image", "nickname"}


def test_nested_models_are_described(tmp_path: Path) -> None:
    document = describe(an_auth(tmp_path, user=Session))
    assert schema_of(document, "User")["properties"]["key"] == {"title": "Key"}
    assert schema_of(document, "app.Badge")["required"] == ["number", "colour"]
    assert schema_of(document, "app.Badge")["description"] == "What a member shows at the door."
    assert schema_of(document, "Session")["required"] == [
        "user",
        "expires",
        "rev",
        "amr",
        "level",
    ]


def test_session_callback_leaves_the_session_schema_open(tmp_path: Path) -> None:
    callbacks = Callbacks(session=lambda *, session, **_: {"who": session["user"]["id"]})
    document = describe(an_auth(tmp_path, callbacks=callbacks))
    assert set(schema_of(document, "Session")) == {"description"}


def test_description_has_the_apps_providers(browser: Browser, tmp_path: Path) -> None:
    for document, ids in (
        (served(browser), ["credentials", "email", "passkey"]),
        (describe(an_auth(tmp_path)), ["staff"]),
    ):
        assert document["components"]["parameters"]["provider"]["schema"]["enum"] == ids


def test_description_names_the_cookies_of_http_and_https(browser: Browser) -> None:
    schemes = served(browser)["components"]["securitySchemes"].values()
    cookies = {scheme["name"] for scheme in schemes if scheme["type"] == "apiKey"}
    assert cookies == {SESSION, CSRF} | SECURE_NAMES


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "session", "GET, HEAD, POST"),
        ("DELETE", "sessions", "GET, HEAD"),
        ("GET", "ticket", "POST"),
        ("HEAD", "sessions/revoke", "POST"),
        ("OPTIONS", "csrf", "GET, HEAD"),
        ("MAKEUP", "signin/credentials", "GET, HEAD, POST"),
    ],
)
def test_other_method_gets_405_with_allow(
    john: Browser, method: str, path: str, allowed: str
) -> None:
    answer = john.request(method, f"{BASE}/{path}")
    assert (answer.status_code, answer.headers["Allow"]) == (405, allowed)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert method == "HEAD" or answer.json()["code"] == "MethodNotAllowed"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    "path", ["", "/", "//", "/nothing", "/session%0A", "/sessions/x", "/session/x"]
)
def test_unknown_path_gets_404(john: Browser, method: str, path: str) -> None:
    answer = john.request(method, BASE + path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json() == {"message": "There is nothing at this address.", "code": "NotFound"}


@pytest.mark.parametrize("path", ["/session/", "//session", "/session//", "///session"])
def test_empty_path_segments_are_ignored(john: Browser, path: str) -> None:
    answer = john.get(BASE + path)
    assert (answer.status_code, answer.json()["user"]["id"]) == (200, "john_doe")
    assert john.request("PUT", BASE + path).headers["Allow"] == "GET, HEAD, POST"


def test_empty_path_segments_before_a_parameter_are_ignored(browser: Browser) -> None:
    form = {"csrfToken": browser.csrf(), "id": "john_doe", "password": PASSWORD}
    answer = browser.post(f"{BASE}//callback//credentials/", data=form, headers=AS_CLIENT)
    assert answer.json() == {"url": browser.server.url}
    assert browser.session()["user"]["id"] == "john_doe"
    assert browser.get(f"{BASE}/signin//").headers["Location"] == f"{browser.server.url}/login"


def test_get_of_credentials_callback_gets_405(browser: Browser) -> None:
    answer = browser.get(f"{BASE}/callback/credentials")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert answer.json()["code"] == "MethodNotAllowed"


@pytest.mark.parametrize(
    "path",
    ["openapi.json", "providers", "csrf", "token", "sessions", "signin", "error", "signout"],
)
def test_head_is_get_without_the_body(john: Browser, path: str) -> None:
    get, head = john.get(f"{BASE}/{path}"), john.request("HEAD", f"{BASE}/{path}")
    assert head.content == b""
    for name in ("Content-Type", "Cache-Control", "Location"):
        assert head.headers.get(name) == get.headers.get(name)
    assert head.status_code == get.status_code


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_provider_is_not_found(browser: Browser, method: str) -> None:
    answer = browser.request(method, f"{BASE}/signin/nothing", data={"csrfToken": browser.csrf()})
    assert answer.status_code == 404
    assert "nothing" in answer.json()["message"]


@pytest.mark.parametrize("value", [1, True, ["/client"], {"url": "/client"}])
@pytest.mark.parametrize("path", ["callback/credentials", "signin/credentials", "signout"])
def test_callback_url_that_is_not_text_is_rejected(john: Browser, path: str, value: object) -> None:
    body = {"csrfToken": john.csrf(), "callbackUrl": value}
    answer = john.post(f"{BASE}/{path}", json=body)
    assert answer.status_code == 400
    assert "callbackUrl" in answer.json()["message"]
    assert john.session() is not None


def test_update_without_data_checks_if_match(john: Browser) -> None:
    john.update({"name": "First"})
    assert john.update(None, headers={"If-Match": '"1"'}).status_code == 409
    assert john.update(None, headers={"If-Match": "one"}).status_code == 400
    assert john.update(None, headers={"If-Match": '"2"'}).status_code == 200
