"""The client's update: `POST session`."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.support.browser import ALONE, Browser
from tests.support.crowd import update_two_fields_at_once

JSON = {"Content-Type": "application/json"}


def send(browser: Browser, content: bytes, kind: str = "application/json") -> Any:
    return browser.post("/api/auth/session", content=content, headers={"Content-Type": kind})


def body(browser: Browser, data: str) -> bytes:
    return f'{{"csrfToken": "{browser.csrf()}", "data": {data}}}'.encode()


def test_patch_changes_its_fields_and_keeps_the_others(john: Browser) -> None:
    before = john.session()
    old_token = john.token
    answer = john.update({"name": "Server-Man"})
    assert answer.status_code == 200
    assert answer.json()["user"] == {**before["user"], "name": "Server-Man"}
    assert answer.json()["rev"] == 2
    assert john.token != old_token
    assert john.session() == answer.json()


def test_name_and_image_may_change_together(john: Browser) -> None:
    patch = {"name": "  Zoë 🦊 Ōkami ", "image": "https://example.com/zoe.png"}
    user = john.update(patch).json()["user"]
    assert (user["name"], user["image"]) == (
        "Zoë 🦊 Ōkami",
        "https://example.com/zoe.png",
    )


def test_image_may_be_emptied_again(john: Browser) -> None:
    john.update({"image": "https://example.com/zoe.png"})
    assert john.update({"image": ""}).json()["user"]["image"] == ""


def test_whole_user_with_a_new_name_is_accepted(john: Browser) -> None:
    answer = john.update({**john.session()["user"], "name": "Client-Man"})
    assert answer.status_code == 200
    assert answer.json()["user"]["name"] == "Client-Man"


def test_update_that_changes_nothing_makes_no_revision(john: Browser) -> None:
    answer = john.update({"name": "John Doe"})
    assert (answer.status_code, answer.json()["rev"]) == (200, 1)


@pytest.mark.parametrize("content", ["{}", '{"data": null}'])
def test_update_without_data_reads(john: Browser, content: str) -> None:
    request = {"csrfToken": john.csrf(), **json.loads(content)}
    answer = john.post("/api/auth/session", json=request)
    assert (answer.status_code, answer.json()) == (200, john.session())
    assert john.session()["rev"] == 1


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"role": "admin"}, "role"),
    ({"id": "jane_admin"}, "id"),
    ({"email": "other@email.email"}, "email"),
    ({"sub": "jane_admin"}, "sub"),
    ({"exp": 9999999999}, "exp"),
    ({"rev": 7}, "rev"),
    ({"expires": "2999-01-01T00:00:00.000Z"}, "expires"),
    ({"user": {"id": "jane_admin"}}, "user"),
    ({"__proto__": {"role": "admin"}}, "__proto__"),
    ({"constructor": {}}, "constructor"),
    ({"": "nameless"}, ""),
    ({"Name": "Capital"}, "Name"),
    ({"name": 7}, "name"),
    ({"name": True}, "name"),
    ({"name": ["John"]}, "name"),
    ({"name": {"first": "John"}}, "name"),
    ({"name": ""}, "name"),
    ({"name": "   "}, "name"),
    ({"name": "x" * 65}, "name"),
    ({"name": "line\nbreak"}, "name"),
    ({"name": "nul\0"}, "name"),
    ({"name": "\u202egnp.exe"}, "name"),
    ({"name": "zero\u200bwidth"}, "name"),
    ({"name": "\u2028"}, "name"),
    ({"image": "http://example.com/a.png"}, "image"),
    ({"image": "javascript:alert(1)"}, "image"),
    ({"image": "data:image/png;base64,AAAA"}, "image"),
    ({"image": "//example.com/a.png"}, "image"),
    ({"image": "https://"}, "image"),
    ({"image": "https://example.com/" + "a" * 2030}, "image"),
    ({"image": 1}, "image"),
    ({"name": "Good", "role": "admin"}, "role"),
    ({"name": "Good", "image": "http://bad"}, "image"),
]


@pytest.mark.parametrize(
    ("data", "field"), REFUSED, ids=lambda value: str(value)[:40] if value else "empty"
)
def test_forbidden_change_names_the_field_and_changes_nothing(
    john: Browser, data: dict[str, Any], field: str
) -> None:
    before, token = john.session(), john.token
    answer = john.update(data)
    assert answer.status_code == 422
    assert answer.json()["field"] == field
    assert answer.json()["message"]
    assert (john.session(), john.token) == (before, token)


@pytest.mark.parametrize("data", [[], "name", 1, True, [["name", "x"]]], ids=str)
def test_update_that_is_not_an_object_is_refused(john: Browser, data: Any) -> None:
    answer = john.update(data)
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert john.session()["rev"] == 1


def test_largest_allowed_user_fits_into_the_token(
    john: Browser,
) -> None:
    answer = john.update({"name": "x" * 64, "image": "https://example.com/" + "a" * 1000})
    assert answer.status_code == 200
    assert len(john.token or "") <= 3072


def test_update_that_outgrows_the_token_is_refused_and_the_session_lives(
    john: Browser,
) -> None:
    answer = john.update({"name": "🦊" * 64, "image": "https://example.com/" + "a" * 2000})
    assert (answer.status_code, answer.json()["field"]) == (422, "image")
    assert john.session()["rev"] == 1


def test_matching_revision_lets_the_update_pass(john: Browser) -> None:
    assert john.update({"name": "First"}, headers={"If-Match": '"1"'}).status_code == 200
    assert john.update({"name": "Second"}, headers={"If-Match": '"2"'}).json()["rev"] == 3
    assert john.update({"name": "Third"}, headers={"If-Match": "*"}).json()["rev"] == 4


def test_stale_revision_gets_409_with_the_current_one(
    john: Browser,
) -> None:
    john.update({"name": "First"})
    answer = john.update({"name": "Second"}, headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["rev"]) == (409, 2)
    assert answer.json()["message"]
    assert john.session()["user"]["name"] == "First"


@pytest.mark.parametrize("header", ['"7", "1"', '"1","7"', '"7" ,, "1",', 'W/"7", "1"'])
def test_update_passes_if_one_of_several_revisions_matches(john: Browser, header: str) -> None:
    """RFC 9110, sections 5.6.1 and 13.1.1."""
    assert john.update({"name": "First"}, headers={"If-Match": header}).json()["rev"] == 2


def test_revisions_in_several_lines_are_one_list(john: Browser) -> None:
    """RFC 9110, section 5.3."""
    body = {"csrfToken": john.csrf(), "data": {"name": "First"}}
    lines = [("Cookie", john.cookie_header()), ("If-Match", '"7"'), ("If-Match", '"1"')]
    answer = httpx.post(f"{john.server.url}/api/auth/session", json=body, headers=lines)
    assert (answer.status_code, answer.json()["rev"]) == (200, 2)


@pytest.mark.parametrize("header", ['"7", "8"', 'W/"1", "7"'])
def test_update_without_matching_revision_gets_409(john: Browser, header: str) -> None:
    answer = john.update({"name": "First"}, headers={"If-Match": header})
    assert (answer.status_code, answer.json()["rev"]) == (409, 1)
    assert john.session()["rev"] == 1


@pytest.mark.parametrize("header", ['W/"1"', 'W/"1", W/"2"'])
def test_weak_revision_never_matches(john: Browser, header: str) -> None:
    """RFC 9110, section 13.1.1."""
    answer = john.update({"name": "First"}, headers={"If-Match": header})
    assert (answer.status_code, answer.json()["code"]) == (412, "PreconditionFailed")
    assert "weak" in answer.json()["message"]
    assert john.session()["rev"] == 1


@pytest.mark.parametrize(
    "header",
    [
        *("1", "", ",", '"x"', '"-1"', '"' + "9" * 40 + '"', '"\u0661"'),
        *('w/"1"', 'W/ "1"', 'W/"x"', '"1" "2"', '"1", x', '*, "1"', "**"),
    ],
)
def test_malformed_revision_gets_400(john: Browser, header: str) -> None:
    answer = john.update({"name": "First"}, headers={"If-Match": header.encode()})
    assert (answer.status_code, answer.json()["code"]) == (400, "PreconditionFailed")
    assert "If-Match" in answer.json()["message"]
    assert john.session()["rev"] == 1


def test_anonymous_cannot_update(browser: Browser) -> None:
    answer = browser.update({"name": "Nobody"})
    assert answer.status_code == 401
    assert answer.json()["message"]


def test_body_of_more_than_16_kib_is_too_large(john: Browser) -> None:
    answer = john.update({"name": "x" * 16 * 1024}, headers=ALONE)
    assert answer.status_code == 413
    assert answer.json()["message"]


def test_body_of_just_16_kib_is_read(john: Browser) -> None:
    whole = body(john, '{"name": "Padded"}')
    answer = send(john, whole + b" " * (16 * 1024 - len(whole)))
    assert answer.status_code == 200


def test_large_body_without_length_is_too_large(john: Browser) -> None:
    chunks = iter([b"x" * 1024] * 32)
    assert john.post("/api/auth/session", content=chunks, headers=JSON | ALONE).status_code == 413


KINDS = (
    "text/plain",
    "text/plain;application/json",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "",
)


@pytest.mark.parametrize("kind", KINDS)
def test_body_of_another_kind_is_not_read(john: Browser, kind: str) -> None:
    answer = send(john, body(john, '{"name": "Smuggled"}'), kind)
    assert answer.status_code == 415
    assert answer.json()["message"]
    assert john.session()["rev"] == 1


@pytest.mark.parametrize(
    "kind",
    ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"],
)
def test_json_is_read_by_any_spelling_of_its_type(john: Browser, kind: str) -> None:
    assert send(john, body(john, '{"name": "Read"}'), kind).status_code == 200


MALFORMED = {
    "empty": b"",
    "half": b'{"csrfToken":',
    "not an object": b"[]",
    "null": b"null",
    "NaN": b'{"data": {"name": NaN}}',
    "infinity": b'{"data": {"name": -Infinity}}',
    "duplicate names": b'{"csrfToken": "a", "csrfToken": "b"}',
    "nested deeply": b'{"data":' + b"[" * 8000 + b"]" * 8000 + b"}",
    "never closed": b"[" * 16000,
    "a huge number": b'{"data": ' + b"9" * 9000 + b"}",
    "latin-1": b'{"data": {"name": "Zo\xeb"}}',
    "UTF-16": '{"data": {}}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a lone surrogate": b'{"data": {"name": "\\ud800"}}',
    "single quotes": b"{'data': {}}",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_body_gets_400(john: Browser, content: bytes) -> None:
    answer = send(john, content)
    assert answer.status_code == 400
    assert answer.json()["message"]
    assert john.session()["rev"] == 1


def test_duplicate_names_inside_of_the_data_are_refused(john: Browser) -> None:
    answer = send(john, body(john, '{"name": "One", "name": "Two"}'))
    assert answer.status_code == 400
    assert john.session()["rev"] == 1


@pytest.mark.parametrize("depth", [10, 1000, 5000])
def test_nested_values_are_refused_at_any_depth(john: Browser, depth: int) -> None:
    answer = send(john, body(john, '{"name":' + "[" * depth + "]" * depth + "}"))
    assert answer.status_code in (400, 422)
    assert john.session()["rev"] == 1


def test_concurrent_updates_of_different_fields_are_not_lost(john: Browser) -> None:
    update_two_fields_at_once(john, 200)


def test_concurrent_updates_from_one_revision_succeed_once(
    john: Browser,
) -> None:
    token = john.csrf()

    def update(number: int) -> int:
        request = {"csrfToken": token, "data": {"name": f"Name {number}"}}
        return (
            john.copy()
            .post("/api/auth/session", json=request, headers={"If-Match": '"1"'})
            .status_code
        )

    with ThreadPoolExecutor(5) as pool:
        assert sorted(pool.map(update, range(8))) == [200] + [409] * 7
    assert john.session()["rev"] == 2


def test_update_changes_its_session_and_not_the_account(
    john: Browser, other_browser: Browser
) -> None:
    """As in Auth.js. What changes the account is the profile form (Better Auth: `updateUser`)."""
    assert john.update({"name": "Client-Man"}).status_code == 200
    other_browser.log_in("john_doe")
    assert other_browser.session()["user"]["name"] == "John Doe"
    assert john.session()["user"]["name"] == "Client-Man"
