"""What a socket may send: junk is stopped, haste is slowed down, and the log stays quiet."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest

from authdemo.sessions.testing import eventually
from tests.support.browser import Browser
from tests.support.server import Server, running
from tests.support.tab import (
    HOME_STATE,
    LOGIN_STATE,
    ROOT_STATE,
    SESSION_STATE,
    WORKSHOP_STATE,
    Tab,
)

EVENT = "42/_event,"
PLACE = {"pathname": "/", "asPath": "/"}


def event(name: object, payload: object = (), **more: object) -> str:
    body = {"name": name, "payload": payload or {}, "router_data": PLACE, **more}
    return EVENT + json.dumps(["event", body])


JUNK = {
    "an unknown handler": event(f"{ROOT_STATE}.no_such_handler", {"password": "hunter2"}),
    "an unknown state": event("a.b.c"),
    "no name": event(None),
    "a list for a name": event(["x"]),
    "a list for a payload": event(f"{HOME_STATE}.server_update", [1]),
    "arguments it doesn't take": event(f"{HOME_STATE}.server_update", {"name": "hunter2"}),
    "arguments missing": event(f"{ROOT_STATE}.set_is_hydrated"),
    **{
        f"{form!r} for a form": event(f"{LOGIN_STATE}.log_in", {"form": form})
        for form in (5, None, "hunter2", ["hunter2"], True)
    },
    **{
        f"{entries!r} for a form's fields": event(
            f"{LOGIN_STATE}.log_in", {"form": {"__reflex_form_data__": entries}}
        )
        for entries in (5, ["hunter2"], [["password", "hunter2"], 5], [[["hunter2"], 1]], [[5, 1]])
    },
    "an object for text": event(f"{WORKSHOP_STATE}.run", {"key": {"hunter2": 1}}),
    "a var that has no setter": event(f"{HOME_STATE}.setvar", {"var_name": "hunter2", "value": 1}),
    "a var without a name": event(f"{HOME_STATE}.setvar", {"var_name": 2, "value": "hunter2"}),
    "a place that is none": event(f"{HOME_STATE}.server_update", router_data=["x"]),
    "an address that is none": event(
        f"{HOME_STATE}.server_update", router_data={"asPath": "http://[", "pathname": "/"}
    ),
    "an event as text": EVENT + json.dumps(["event", "hunter2"]),
    "no event": EVENT + json.dumps(["event"]),
    "no list": EVENT + json.dumps({"event": "hunter2"}),
    "no JSON": EVENT + "hunter2",
    "deep nesting": EVENT + "[" * 5000,
    "another namespace": "42/elsewhere," + json.dumps(["event", {}]),
    "an attachment that never comes": "451-/_event," + json.dumps(["event", {}]),
    "not Engine.IO": "hunter2",
    "nothing": "",
}


@pytest.mark.parametrize("frame", JUNK.values(), ids=JUNK)
def test_junk_reaches_nobody_and_the_tab_goes_on(john: Browser, frame: str) -> None:
    with Tab(john.server, john) as tab:
        tab.send(frame)
        tab.server_update()
        eventually(lambda: tab.name == "Serverserver-man")
    assert "hunter2" not in john.server.logged()
    assert "Traceback" not in john.server.logged()


def test_a_handler_that_nobody_knows_is_noted(john: Browser) -> None:
    with Tab(john.server, john, path="/client") as tab:
        tab.call("no.such.handler")
        unknown = {"reason": "UnknownEvent", "path": "/client", "user": "john_doe"}
        eventually(lambda: john.server.audited(**unknown))


def test_whoever_sends_much_junk_is_noted_once(john: Browser) -> None:
    with Tab(john.server, john, path="/client") as tab:
        before = len(john.server.audited(reason="UnknownEvent"))
        for _ in range(50):
            tab.call("no.such.handler")
        tab.server_update()
        sid = john.server.audited(kind="sign-in")[-1]["session"]
        eventually(lambda: john.server.audited(kind="update", session=sid))
        assert len(john.server.audited(reason="UnknownEvent")) == before + 1


def test_a_call_of_the_sessions_own_methods_is_noted(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.call(f"{SESSION_STATE}.meet", connection={})
        name = f"{SESSION_STATE}.meet"
        eventually(lambda: john.server.audited(reason="NotForTabs", path=name))


def test_a_message_that_is_too_large_closes_its_own_socket_alone(john: Browser) -> None:
    with Tab(john.server, john) as own, Tab(john.server, john) as other:
        own.call(f"{HOME_STATE}.server_update", x="x" * 65_536)
        eventually(lambda: not own.is_open)
        other.server_update()
        eventually(lambda: other.name == "Serverserver-man")


def test_the_size_of_a_message_is_that_of_its_octets(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.send("\U0001f510" * 16_384)
        tab.server_update()
        eventually(lambda: tab.name == "Serverserver-man")
        tab.send("\U0001f510" * 16_385)
        eventually(lambda: not tab.is_open)


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with few events allowed."""
    with running(tmp_path_factory.mktemp("slow"), AUTH_EVENT_RATE="20/second") as server:
        yield server


def test_who_sends_too_fast_waits_and_nobody_else_does(slow_server: Server) -> None:
    browser, calm = Browser(slow_server), Browser(slow_server)
    browser.log_in()
    calm.log_in("jane_admin")
    with Tab(slow_server, browser) as hasty, Tab(slow_server, calm) as other:
        heard = len(hasty.frames)
        started = time.monotonic()
        for _ in range(60):
            hasty.server_update()
        other.server_update()
        eventually(lambda: other.name == "Serverserver-man", within=1)
        eventually(lambda: len(hasty.frames) >= heard + 100, within=20)  # two for each event
        assert time.monotonic() - started > 1.3
