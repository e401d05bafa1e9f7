"""Requests that nobody thought of, made from the OpenAPI description."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import unquote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import (
    BaseSchema,
    Case,
    GenerationMode,
    HookContext,
    Response,
    checks,
)
from schemathesis.core.result import Ok

from authdemo.testing.browser import AS_CLIENT
from tests.support.browser import PASSWORD, Browser
from tests.support.server import SECRET, Server, running

Request: TypeAlias = Case[Any]

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
REFUSALS = [400, 401, 403, 404, 409, 412, 413, 415, 422, 429]
CONFIG = {"checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}}}
CSRF_TOKEN = re.compile(r"[0-9a-f]{64}")
INSIDE = re.compile(rf'Traceback|File "|site-packages|\$argon2|sqlite|{SECRET}', re.IGNORECASE)

some = settings(max_examples=10, suppress_health_check=list(HealthCheck))
many = settings(some, max_examples=300, derandomize=False)


class Outsider:
    """Sends requests as they were made up."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._http = requests.Session()

    def send(self, case: Request) -> Response:
        """Send a request, and check what may never be in an answer."""
        answer = case.call(session=self._http)
        self._http.cookies.clear()
        assert not INSIDE.search(answer.text)
        return answer

    def check(self, case: Request) -> None:
        """Send a request; what a form hears by a redirect, the client must hear by a status."""
        if case.meta is not None and case.meta.generation.mode.is_negative:
            case.headers.update(AS_CLIENT)
        case.validate_response(self.send(case), checks=CHECKS)

    def close(self) -> None:
        self._http.close()


class Anonymous(Outsider):
    """Has a browser's cookies and sends its CSRF token, from a page of the app."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.browser = Browser(server)

    def send(self, case: Request) -> Response:
        """Send a request with a real browser's cookies, and keep those of the answer."""
        self._come_from_the_app(case)
        self._fill_in(case)
        case.cookies.clear()
        self._http.cookies.update(self.browser.cookies)
        answer = super().send(case)
        self.browser.keep(answer.headers.get("set-cookie", []))
        return answer

    def _come_from_the_app(self, case: Request) -> None:
        own = {"Origin": self.server.url, "Sec-Fetch-Site": "same-origin"}
        case.headers.update({name: own[name] for name in own if name in case.headers})

    def _fill_in(self, case: Request) -> None:
        if isinstance(case.body, dict) and CSRF_TOKEN.fullmatch(str(case.body.get("csrfToken"))):
            case.body["csrfToken"] = self.browser.csrf()


class John(Anonymous):
    """Is signed in, and signs in again when a request has ended the session."""

    def send(self, case: Request) -> Response:
        """Send a request while signed in; no answer has the token in its body."""
        if self.browser.session() is None:
            self.browser.log_in()
        token = str(self.browser.token)
        answer = super().send(case)
        assert token not in answer.text
        return answer

    def _fill_in(self, case: Request) -> None:
        super()._fill_in(case)
        if case.operation.path == "/callback/{provider}" and isinstance(case.body, dict):
            case.body |= {"id": "john_doe", "password": PASSWORD}


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app of its own: made-up requests must not make it complain in its log."""
    with running(tmp_path_factory.mktemp("fuzzed")) as server:
        yield server


@pytest.fixture(scope="module")
def api(fuzzed: Server) -> BaseSchema:
    config = schemathesis.Config.from_dict(CONFIG)
    api = schemathesis.openapi.from_url(f"{fuzzed.url}/api/auth/openapi.json", config=config)
    api.hook("filter_case")(is_passed_on)
    return api


def is_passed_on(_: HookContext, case: Request) -> bool:
    """Reflex answers a path with a line break itself, before anyone else sees it."""
    return "\n" not in unquote(case.formatted_path)


@pytest.fixture(params=[Outsider, Anonymous, John])
def sender(request: pytest.FixtureRequest, fuzzed: Server) -> Iterator[Outsider]:
    sender = request.param(fuzzed)
    yield sender
    sender.close()


@pytest.mark.parametrize("mode", GenerationMode)
def test_made_up_requests_are_answered_as_described(
    api: BaseSchema, sender: Outsider, mode: GenerationMode, subtests: pytest.Subtests
) -> None:
    for operation in operations(api, mode):
        with subtests.test(operation.label):
            some(given(operation.as_strategy(mode))(sender.check))()


@pytest.mark.soak
@pytest.mark.parametrize("mode", GenerationMode)
def test_very_many_made_up_requests_are_answered_as_described(
    api: BaseSchema, sender: Outsider, mode: GenerationMode, subtests: pytest.Subtests
) -> None:
    for operation in operations(api, mode):
        with subtests.test(operation.label):
            many(given(operation.as_strategy(mode))(sender.check))()


@pytest.mark.parametrize("mode", GenerationMode)
def test_requests_at_the_edge_of_what_is_described(
    api: BaseSchema, sender: Outsider, mode: GenerationMode
) -> None:
    config = api.config.generation
    for operation in operations(api, mode):
        for case in api.iter_coverage_cases(
            operation, generation_modes=[mode], generation_config=config
        ):
            sender.check(case)


def operations(api: BaseSchema, mode: GenerationMode) -> list[Any]:
    """List the operations, without those to which nothing wrong can be said."""
    found = [result.ok() for result in api.get_all_operations() if isinstance(result, Ok)]
    return [one for one in found if mode.is_positive or one.body or one.path_parameters]
