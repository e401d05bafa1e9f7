"""What a socket may send: junk is stopped, haste is slowed down, and the log stays quiet."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import uuid4

import pytest

from authdemo.testing import wait_until
from authdemo.testing.tab import REFUSED
from tests.support.browser import Browser
from tests.support.server import Server, running, running_in_trouble
from tests.support.tab import (
    ATTACKS_STATE,
    HOME_STATE,
    LOGIN_STATE,
    ROOT_STATE,
    SESSION_STATE,
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
    "an object for text": event(f"{ATTACKS_STATE}.run", {"key": {"hunter2": 1}}),
    "a var that has no setter": event(f"{HOME_STATE}.setvar", {"var_name": "hunter2", "value": 1}),
    "a var without a name": event(f"{HOME_STATE}.setvar", {"var_name": 2, "value": "hunter2"}),
    "a place that is none": event(f"{HOME_STATE}.server_update", router_data=["x"]),
    "an address that is none": event(
        f"{HOME_STATE}.server_update", router_data={"asPath": "http://[", "pathname": "/"}
    ),
    "an address that is too long": event(
        f"{HOME_STATE}.server_update", router_data={"asPath": "/" + "hunter2" * 1200}
    ),
    "a query that is too long": event(
        f"{HOME_STATE}.server_update", router_data={"query": {"q": ["hunter2"] * 1200}}
    ),
    "much beside the address": event(
        f"{HOME_STATE}.server_update", router_data={"more": "hunter2" * 1200}
    ),
    "a record that its fields don't make": event(
        f"{SESSION_STATE}.on_connect", {"connection": {"sid": "hunter2"}}
    ),
    "an event as text": EVENT + json.dumps(["event", "hunter2"]),
    "no event": EVENT + json.dumps(["event"]),
    "no list": EVENT + json.dumps({"event": "hunter2"}),
    "no JSON": EVENT + "hunter2",
    "deep nesting": EVENT + "[" * 5000,
    "another namespace": "42/elsewhere," + json.dumps(["event", {}]),
    "a number that is too long": "42/_event," + "7" * 101 + json.dumps(["ping"]),
    "no namespace": "42," + json.dumps(["ping"]),
    "no comma": "42/_event" + json.dumps(["ping"]),
    "an answer to nothing": '43/_event,1["hunter2"]',
    "an answer that is no JSON": "43/_event,1{hunter2",
    "a goodbye that is no JSON": "41/_event,{hunter2",
    "a goodbye to nobody": "41,",
    "an attachment that never comes": "451-/_event," + json.dumps(["event", {}]),
    "not Engine.IO": "hunter2",
    "nothing": "",
}


@pytest.mark.parametrize("frame", JUNK.values(), ids=JUNK)
def test_junk_reaches_nobody_and_the_tab_goes_on(john: Browser, frame: str) -> None:
    with Tab(john.server, john) as tab:
        tab.send(frame)
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
    assert "hunter2" not in john.server.logged()
    assert "Traceback" not in john.server.logged()


def test_page_that_leaves_closes_its_socket(john: Browser) -> None:
    """So nobody connects again and again by one socket, which Reflex may log each time."""
    with Tab(john.server, john) as tab:
        tab.send("41/_event,")
        wait_until(lambda: not tab.is_open)


def test_a_handler_that_nobody_knows_is_noted(john: Browser) -> None:
    with Tab(john.server, john, path="/client") as tab:
        tab.call("no.such.handler")
        unknown = {"reason": "UnknownEvent", "path": "/client", "user": "john_doe"}
        wait_until(lambda: john.server.audited(**unknown))


def test_sender_of_much_junk_is_noted_once(john: Browser) -> None:
    with Tab(john.server, john, path="/client") as tab:
        before = len(john.server.audited(reason="UnknownEvent"))
        for _ in range(50):
            tab.call("no.such.handler")
        tab.server_update()
        sid = john.server.audited(kind="sign-in")[-1]["session"]
        wait_until(lambda: john.server.audited(kind="update", session=sid))
        assert len(john.server.audited(reason="UnknownEvent")) == before + 1


def test_a_call_of_the_sessions_own_methods_is_noted(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.call(f"{SESSION_STATE}.redirect", url="/admin")
        name = f"{SESSION_STATE}.redirect"
        wait_until(lambda: john.server.audited(reason="NotForTabs", path=name))


def test_a_message_that_is_too_large_closes_its_own_socket_alone(john: Browser) -> None:
    with Tab(john.server, john) as own, Tab(john.server, john) as other:
        own.call(f"{HOME_STATE}.server_update", x="x" * 65_536)
        wait_until(lambda: not own.is_open)
        other.server_update()
        wait_until(lambda: other.name == "Serverserver-man")


def test_the_size_of_a_message_is_that_of_its_octets(john: Browser) -> None:
    with Tab(john.server, john) as tab:
        tab.send("\U0001f510" * 16_384)
        tab.server_update()
        wait_until(lambda: tab.name == "Serverserver-man")
        tab.send("\U0001f510" * 16_385)
        wait_until(lambda: not tab.is_open)


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, with few events allowed."""
    with running(
        tmp_path_factory.mktemp("slow"), AUTH_EVENT_RATE="20/second", AUTH_MAX_SOCKETS="20"
    ) as server:
        yield server


def test_tab_over_its_rate_waits_and_other_tabs_do_not(slow_server: Server) -> None:
    browser, calm = Browser(slow_server), Browser(slow_server)
    browser.log_in()
    calm.log_in("jane_admin")
    with Tab(slow_server, browser) as hasty, Tab(slow_server, calm) as other:
        heard = len(hasty.frames)
        started = time.monotonic()
        for _ in range(60):
            hasty.server_update()
        other.server_update()
        wait_until(lambda: other.name == "Serverserver-man")
        everything = heard + 100  # two for each event
        assert len(hasty.frames) < everything
        wait_until(lambda: len(hasty.frames) >= everything)
        assert time.monotonic() - started > 1.3


def opens(server: Server, browser: Browser) -> bool:
    try:
        with Tab(server, browser):
            return True
    except REFUSED:
        return False


def test_sockets_of_a_client_have_a_limit_and_others_go_on(slow_server: Server) -> None:
    john, jane = Browser(slow_server), Browser(slow_server)
    john.log_in()
    jane.log_in("jane_admin")
    with ExitStack() as tabs:
        for _ in range(20):
            tabs.enter_context(Tab(slow_server, john))
            tabs.enter_context(Tab(slow_server, path="/login"))
        for one_more in (john, None):
            with pytest.raises(REFUSED, match="403"):
                Tab(slow_server, one_more)
        with Tab(slow_server, jane) as other:
            other.server_update()
            wait_until(lambda: other.name == "Serverserver-man")
    wait_until(lambda: slow_server.audited(reason="TooManySockets"))
    wait_until(lambda: opens(slow_server, john))


@pytest.mark.parametrize(
    "headers",
    [{"X-Padding": "x" * 40_000}, {f"X-{n}": "x" * 1000 for n in range(40)}],
    ids=["one", "many"],
)
def test_handshake_with_large_headers_is_rejected(server: Server, headers: dict[str, str]) -> None:
    key = {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13"}
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Origin": server.url, **key}
    path = f"/_event/?token={uuid4()}&EIO=4&transport=websocket"
    answer = Browser(server).get(path, headers={**upgrade, **headers})
    assert answer.status_code == 403


@pytest.fixture(scope="module")
def loud_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app, whose log may complain."""
    with running_in_trouble(tmp_path_factory.mktemp("loud")) as server:
        yield server


REPORT = f"{ROOT_STATE}.reflex___state____frontend_event_exception_state.handle_frontend_exception"


def test_errors_of_browsers_are_short_lines_and_few(loud_server: Server) -> None:
    """Of a tab without a session: as events, and as Reflex's own messages."""
    before = len(loud_server.logged())
    with Tab(loud_server, path="/login") as tab:
        for number in range(40):
            tab.call(
                REPORT, info=f"harmless\nFORGED {number}\x1b[2J" + "x" * 30_000, component_stack=""
            )
            told = {"error_type": "x", "message": "harmless\nFORGED\x1b[2J" + "x" * 30_000}
            tab.send(EVENT + json.dumps(["client_error", told]))
            tab.call(REPORT, info=None, component_stack=number)
        tab.call("no.such.handler")
        wait_until(lambda: loud_server.audited(reason="UnknownEvent", path="/login"))
        wait_until(lambda: "harmless" in loud_server.logged())
    logged = loud_server.logged()[before:]
    assert len(logged) < 150_000
    assert not any(line.startswith("FORGED") for line in logged.splitlines())
    assert "\x1b" not in logged
    assert "Traceback" not in logged


def test_report_that_is_slow_to_search_holds_nobody_up(loud_server: Server) -> None:
    """Reflex's own patterns take hours for it."""
    with Tab(loud_server, path="/login") as tab:
        info = "TypeError: can't access property \"" * 900 + '", ' * 9000
        tab.call(REPORT, info=info, component_stack="")
    assert Browser(loud_server).get("/login", timeout=10).status_code == 200
