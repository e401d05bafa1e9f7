"""The operator's route: who reaches it, and with which token."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.operator import OPERATOR, OPERATOR_TYPE, OperatorTokens
from authdemo.testing import free_port
from tests.support.browser import Browser, newest
from tests.support.server import SECRET, Server, running

PATH = "/api/auth/operator"
KEYS = KeyRing([SECRET])
OWN, *_ = KEYS.derive(OPERATOR)
OTHER_KEYS = KeyRing(["another secret of another app that is long enough"])


def issue(command: str = "sessions.list", *, keys: KeyRing = KEYS, **arguments: Any) -> str:
    tokens = OperatorTokens(keys, clock=time.time)
    return tokens.issue(command, arguments or {"user": "john_doe"})


def send(server: Server, token: object, **headers: str) -> httpx.Response:
    return httpx.post(server.url + PATH, json={"token": token}, headers=headers)


def test_token_runs_its_command(server: Server) -> None:
    assert send(server, issue(user="nobody_here")).json() == {"result": []}


def test_token_is_used_up_by_its_first_use(server: Server) -> None:
    token = issue()
    assert [send(server, token).status_code for _ in range(3)] == [200, 401, 401]


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "127.0.0.1"},
        {"x-forwarded-host": "localhost"},
        {"Forwarded": "for=127.0.0.1"},
        {"X-Real-IP": "127.0.0.1"},
        {"Via": "1.1 proxy"},
        {"CF-Connecting-IP": "127.0.0.1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "app.localhost"},
        {"Host": "192.0.2.1"},
    ],
    ids=lambda headers: "{}: {}".format(*next(iter(headers.items()))),
)
def test_proxies_browsers_and_other_hosts_find_nothing(
    server: Server, headers: dict[str, str]
) -> None:
    token = issue()
    assert send(server, token, **headers).status_code in (400, 403, 404)
    assert send(server, token).status_code == 200


def test_other_methods_run_nothing(server: Server) -> None:
    token = issue()
    for method in ("GET", "PUT", "DELETE", "OPTIONS"):
        answer = httpx.request(method, server.url + PATH, params={"token": token})
        assert answer.status_code in (404, 405)
    assert send(server, token).status_code == 200


def payload(**changes: Any) -> dict[str, Any]:
    now = time.time()
    order = {"command": "sessions.list", "arguments": {"user": "john_doe"}}
    return {"aud": OPERATOR, "jti": "1" * 40, "iat": now, "exp": now + 60, **order, **changes}


def signed(claims: dict[str, Any], *, key: Any = OWN, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, key, algorithm, headers={"typ": OPERATOR_TYPE})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in payload().items() if key != name}


FORGED: dict[str, Callable[[], object]] = {
    "none": lambda: signed(payload(), key=None, algorithm="none"),
    "another secret": lambda: issue(keys=OTHER_KEYS),
    "the secret itself": lambda: signed(payload(), key=SECRET),
    "the key of another purpose": lambda: signed(payload(), key=KEYS.derive("provider tokens")[0]),
    "another audience": lambda: signed(payload(aud="authdemo")),
    "another type": lambda: jwt.encode(payload(), OWN, "HS256"),
    "another algorithm": lambda: signed(payload(), algorithm="HS512"),
    "expired": lambda: signed(payload(iat=time.time() - 61, exp=time.time() - 1)),
    "from before the start": lambda: signed(payload(iat=1.0, exp=61.0)),
    "from the future": lambda: signed(payload(iat=time.time() + 30, exp=time.time() + 90)),
    "too long-lived": lambda: signed(payload(exp=time.time() + 3600)),
    "times as text": lambda: signed(payload(iat=str(time.time()))),
    "times as booleans": lambda: signed(payload(iat=True)),
    "no times": lambda: signed(without("exp")),
    "no jti": lambda: signed(without("jti")),
    "no command": lambda: signed(without("command")),
    "no text": lambda: ["token"],
    "nothing": lambda: None,
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_forged_token_is_rejected(server: Server, forge: Callable[[], object]) -> None:
    assert send(server, forge()).status_code == 401


def test_session_token_is_no_operators_token(john: Browser) -> None:
    assert send(john.server, john.token).status_code == 401


def test_operators_token_signs_nobody_in(browser: Browser) -> None:
    token = issue()
    browser.token = token
    assert browser.session() is None
    bearer = browser.get("/api/auth/session", headers={"Authorization": f"Bearer {token}"})
    assert bearer.status_code == 401


def test_rejection_is_audited(server: Server) -> None:
    browser = Browser(server)
    assert send(server, "nonsense").status_code == 401
    newest(browser, kind="refused", reason="NotAuthenticated", path=PATH)


def test_unknown_command_and_wrong_arguments_say_so(server: Server) -> None:
    answer = send(server, issue("sessions.drop", user="a"))
    assert (answer.status_code, answer.json()["reason"]) == (422, "command")
    for arguments in ({"user": 7}, {"name": "a"}, {"user": "a", "more": 1}):
        answer = send(server, issue("sessions.list", **arguments))
        assert (answer.status_code, answer.json()["code"]) == (422, "UpdateRejected")


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The app with a name and a low limit."""
    own = {"AUTH_URL": "https://app.example", "AUTH_LOGIN_RATE": "1/hour"}
    with running(tmp_path_factory.mktemp("strict"), **own) as server:
        yield server


@pytest.mark.parametrize("host", ["app.example", "localhost.example", "127.0.0.1.nip.io"])
def test_name_that_resolves_to_this_machine_finds_nothing(strict: Server, host: str) -> None:
    token = issue()
    assert send(strict, token, Host=host).status_code == 404
    assert send(strict, token).status_code == 200


def test_forgeries_are_limited_and_lock_no_operator_out(strict: Server) -> None:
    answers = [send(strict, f"guess {number}") for number in range(12)]
    assert {answer.status_code for answer in answers[:10]} == {401}
    assert {answer.status_code for answer in answers[10:]} == {429}
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert send(strict, issue()).status_code == 200


def test_admin_0_leaves_the_route_and_the_file_out(tmp_path) -> None:
    with running(tmp_path, AUTH_ADMIN="0", PORT=str(free_port())) as server:
        assert send(server, issue()).status_code == 404
        assert not (tmp_path / "data" / "server.json").exists()
