"""The list of a user's sessions, and ending some of them."""

from __future__ import annotations

import httpx
import pytest

from tests.support.browser import Browser, newest, public

FIELDS = {"id", "name", "current", "created", "last_seen", "expires", "rev", "user_agent", "ip"}


@pytest.fixture
def alone(john: Browser) -> Browser:
    """A browser whose session is john_doe's only one."""
    john.revoke(others=True)
    return john


@pytest.fixture
def elsewhere(other_browser: Browser) -> Browser:
    """The same user's browser on another device."""
    other_browser.log_in(headers={"X-Auth-Return-Redirect": "1", "User-Agent": "Elsewhere/1.0"})
    return other_browser


def other_id(browser: Browser) -> str:
    return next(str(session["id"]) for session in browser.sessions() if not session["current"])


def test_anonymous_has_no_list(browser: Browser) -> None:
    answer = browser.get("/api/auth/sessions")
    assert answer.status_code == 401
    assert answer.json()["message"]


def test_anonymous_cannot_revoke(browser: Browser) -> None:
    assert browser.revoke(all=True).status_code == 401


def test_list_has_the_users_sessions_and_devices(alone: Browser, elsewhere: Browser) -> None:
    listed = alone.sessions()
    assert [session["current"] for session in listed] == [False, True]
    assert all(session.keys() == FIELDS for session in listed)
    assert listed[0]["user_agent"] == "Elsewhere/1.0"
    assert listed[0]["ip"] == "127.0.0.1"
    assert [session["current"] for session in elsewhere.sessions()] == [True, False]


def test_list_has_no_secret(alone: Browser) -> None:
    listed = alone.get("/api/auth/sessions").text
    assert (alone.token or "?") not in listed
    thief = Browser(alone.server)
    thief.token = alone.sessions()[0]["id"]
    assert thief.session() is None


def test_revoke_by_id_ends_that_session(alone: Browser, elsewhere: Browser) -> None:
    answer = alone.revoke(id=other_id(alone))
    assert answer.status_code == 200
    assert [session["current"] for session in answer.json()] == [True]
    assert elsewhere.session() is None
    assert alone.session()["user"]["id"] == "john_doe"


def test_revoke_others_ends_the_other_sessions(alone: Browser, elsewhere: Browser) -> None:
    third = Browser(alone.server)
    third.log_in()
    assert alone.revoke(others=True).status_code == 200
    assert elsewhere.session() is None
    assert third.session() is None
    assert len(alone.sessions()) == 1


def test_revoke_all_ends_every_session_and_deletes_the_cookie(
    alone: Browser, elsewhere: Browser
) -> None:
    answer = alone.revoke(all=True)
    assert (answer.status_code, answer.json()) == (200, [])
    assert alone.token is None
    assert elsewhere.session() is None


def test_revoke_of_the_current_session_signs_out(alone: Browser) -> None:
    thief = alone.copy()
    assert alone.revoke(id=alone.sessions()[0]["id"]).status_code == 200
    assert alone.token is None
    assert thief.session() is None


def test_user_cannot_end_another_users_session(john: Browser, jane: Browser) -> None:
    answer = john.revoke(id=jane.sessions()[0]["id"])
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"
    assert answer.json()["message"] == "You don't have this session."
    assert jane.session()["user"]["id"] == "jane_admin"


def test_revoke_all_ends_no_session_of_others(john: Browser, jane: Browser) -> None:
    john.revoke(all=True)
    assert jane.session()["user"]["id"] == "jane_admin"


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({}, "id"),
        ({"id": None}, "id"),
        ({"id": 5}, "id"),
        ({"id": ["x"]}, "id"),
        ({"all": "true"}, "all"),
        ({"all": 1}, "all"),
        ({"all": False}, "id"),
        ({"others": "yes", "id": "x"}, "others"),
        ({"others": "yes", "all": True}, "others"),
        ({"others": False}, "id"),
    ],
    ids=str,
)
def test_ambiguous_revoke_ends_nothing_and_names_the_field(
    alone: Browser, elsewhere: Browser, chosen: dict[str, object], field: str
) -> None:
    answer = alone.revoke(**chosen)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.json()["code"] == "BodyRejected"
    assert answer.json()["message"]
    assert alone.session()
    assert elsewhere.session()


def test_revoke_of_an_unknown_id_ends_nothing(alone: Browser) -> None:
    for name in ("", "x", "0" * 32):
        assert alone.revoke(id=name).status_code == 404
    assert alone.session()


def form_of(browser: Browser, **chosen: str) -> dict[str, str]:
    return {"csrfToken": browser.csrf(), **chosen}


def test_form_revokes_with_true_as_text(alone: Browser, elsewhere: Browser) -> None:
    path = "/api/auth/sessions/revoke"
    answer = alone.post(path, data=form_of(alone, others="true"))
    assert [session["current"] for session in answer.json()] == [True]
    assert elsewhere.session() is None
    answer = alone.post(path, data=form_of(alone, all="true"))
    assert (answer.status_code, answer.json(), alone.token) == (200, [], None)


@pytest.mark.parametrize(
    ("value", "field"), [("", "all"), ("false", "id"), ("1", "all"), ("True", "all")]
)
def test_form_with_another_value_ends_nothing(alone: Browser, value: str, field: str) -> None:
    answer = alone.post("/api/auth/sessions/revoke", data=form_of(alone, all=value))
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert alone.session()


def test_revoke_needs_a_csrf_token(alone: Browser) -> None:
    assert alone.post("/api/auth/sessions/revoke", json={"all": True}).status_code == 403
    assert alone.session()


def rename(browser: Browser, session_id: object, name: object) -> httpx.Response:
    body = {"csrfToken": browser.csrf(), "id": session_id, "name": name}
    return browser.post("/api/auth/sessions/rename", json=body)


def test_name_is_listed_and_nothing_else_changes(alone: Browser, elsewhere: Browser) -> None:
    there = next(each for each in alone.sessions() if not each["current"])
    answer = rename(alone, there["id"], "  Ada's phone <b>")
    assert answer.status_code == 200
    expected = {**there, "name": "Ada's phone <b>"}
    for listed in (answer.json(), alone.sessions()):
        assert [each for each in listed if not each["current"]] == [expected]
    entry = newest(alone, kind="renamed", user="john_doe")
    assert "phone" not in str(entry)


def test_empty_name_removes_it(alone: Browser) -> None:
    own = public(alone)
    rename(alone, own, "Desk")
    assert [each["name"] for each in rename(alone, own, " ").json()] == [""]


@pytest.mark.parametrize(
    ("name", "reason"), [("x" * 65, "length"), ("a\u202eb", "invisible"), (7, "string_type")]
)
def test_invalid_name_is_rejected(alone: Browser, name: object, reason: str) -> None:
    answer = rename(alone, public(alone), name)
    assert (answer.status_code, answer.json()["field"]) == (422, "name")
    assert answer.json()["reason"] == reason
    assert [each["name"] for each in alone.sessions()] == [""]


def test_session_of_another_user_is_not_found_by_its_id(john: Browser, jane: Browser) -> None:
    assert rename(john, public(jane), "Mine").status_code == 404
    assert all(each["name"] == "" for each in jane.sessions())


@pytest.mark.parametrize("session_id", ["", "x", "0" * 32])
def test_unknown_session_is_not_found(john: Browser, session_id: str) -> None:
    assert rename(john, session_id, "Mine").status_code == 404


def test_rename_needs_an_id(john: Browser) -> None:
    assert (rename(john, None, "Mine").status_code, rename(john, 7, "x").status_code) == (422, 422)


def test_anonymous_cannot_rename(browser: Browser, john: Browser) -> None:
    other = Browser(john.server)
    assert rename(other, public(john), "Mine").status_code == 401


def test_rename_needs_the_csrf_token(john: Browser) -> None:
    body = {"csrfToken": "x", "id": public(john), "name": "Mine"}
    assert john.post("/api/auth/sessions/rename", json=body).status_code == 403
