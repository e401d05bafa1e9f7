"""What a tab shows that sent an event whose handler raised, in the app of tests/guards."""

from __future__ import annotations

import logging

import pytest

from authdemo.sessions.reflex.tabs.state import SessionState
from authdemo.testing import Tab
from my_app.auth import Member
from my_app.my_app import Clerk, Visitors

ADA = Member(id="ada", name="Ada Lovelace")


@pytest.fixture
def tab(auth_app, login_as):
    with Tab(auth_app, login_as(ADA), path="/about") as tab:
        yield tab


def test_rejection_is_shown_and_noted_and_is_no_error_of_the_app(tab, caplog):
    tab.call(Clerk.rename, name="x" * 65)
    tab.expect_vars(
        SessionState,
        event_error={
            "message": "The name must have 1 to 64 characters.",
            "code": "UpdateRejected",
            "field": "name",
            "reason": "length",
            "values": {"max": 64},
        },
    )
    assert [record.levelname for record in caplog.records if "refused" in record.message] == [
        "INFO"
    ]
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_nobody_who_calls_a_handler_of_members_makes_a_fault_of_it(auth_app, caplog):
    with Tab(auth_app, path="/about") as tab:
        tab.call(Clerk.rename, name="Countess")
        message = "You are not signed in. Sign in and try again."
        tab.expect_vars(SessionState, event_error={"message": message, "code": "NotAuthenticated"})
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_a_bug_is_logged_and_its_tab_told_no_more_than_that(tab, caplog):
    tab.call(Clerk.stumble)
    failed = {"message": "That did not work. Try again.", "code": "HandlerFailed"}
    tab.expect_vars(SessionState, event_error=failed)
    assert "RuntimeError: a bug in the app" in caplog.text


def test_the_next_event_makes_it_good(tab):
    tab.call(Clerk.rename, name="")
    tab.call(Visitors.come)
    tab.expect_vars(SessionState, event_error={})
    tab.expect_vars(Visitors, count=1)
    tab.call(Clerk.rename, name="Countess")
    tab.expect_session("authenticated", name="Countess")
