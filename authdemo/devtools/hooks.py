"""What `devtools.js` knows, as vars for components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions import use_session
from authdemo.sessions.components import hook, script, var

from .state import DevtoolsState

Rows = list[dict[str, Any]]


def _script(name: str) -> VarData:
    path = rx.asset("devtools.js", shared=True).partition("?")[0]
    return VarData(imports={f"$/public{path}": [rx.ImportVar(tag=name)]})


def _hook(line: str, function: str, *needs: Any) -> VarData | None:
    return hook(line, *needs, _script(function))


@dataclass(frozen=True)
class Inspection:
    """What the browser's own token says, read again whenever it may be another one."""

    algorithm: Any
    key: Any
    size: Any
    limit: Any
    claims: Any
    cookie: Any
    attributes: Any
    countdown: Any


def use_inspection() -> Inspection:
    """Look into the token of the browser that shows the component."""
    session = use_session().data
    read = _hook(f"const inspection = useInspection({session!s})", "useInspection", session)
    left = _hook("const timeLeft = useCountdown(inspection.claims.exp)", "useCountdown", read)
    return Inspection(
        algorithm=var("inspection.header.alg", str, read),
        key=var("inspection.header.kid", str, read),
        size=var("inspection.size", int, read),
        limit=var("inspection.limit", int, read),
        claims=var("claimsOf(inspection)", Rows, read, _script("claimsOf")),
        cookie=var("inspection.cookie.name", str, read),
        attributes=var("inspection.cookie.attributes", list[str], read),
        countdown=var("timeLeft", str, left),
    )


def use_representations() -> Any:
    """Compare token, JSON and view."""
    session = use_session().data
    line = f"const representations = useRepresentations({session!s})"
    return var("representations", dict[str, Any], _hook(line, "useRepresentations", session))


@dataclass(frozen=True)
class Timeline:
    """What happened to the user's sessions."""

    entries: Any
    options: Any
    points: Any
    is_picked: Any
    start: Any
    end: Any
    difference: Any
    data: VarData | None

    def call(self, function: str) -> Any:
        """Find a function of the timeline: `pickPoint`, `pickFrom` or `pickTo`."""
        return script(f"timeline.{function}", self.data)


def use_timeline() -> Timeline:
    """Follow what happens to the user's sessions."""
    steps: Any = DevtoolsState.changes
    tab: Any = DevtoolsState.tab
    line = f"const timeline = useTimeline({steps!s}, {tab!s})"
    data = _hook(line, "useTimeline", steps, tab)
    return Timeline(
        entries=var("timeline.entries", Rows, data),
        options=var("timeline.options", list[dict[str, str]], data),
        points=var("timeline.points", Rows, data),
        is_picked=var("timeline.isPicked", bool, data),
        start=var("timeline.from", str, data),
        end=var("timeline.to", str, data),
        difference=var("timeline.difference", list[dict[str, str]], data),
        data=data,
    )


def pick(key: Any) -> Any:
    """Compare a step with the one before it: what a button's `on_click` takes."""
    return rx.call_function(script(f"() => pick({key!s})", key, _script("pick")))


def read_json() -> Any:
    """Ask for the session in JSON, as any HTTP client does: what `on_click` takes."""
    return rx.call_function(script("() => readJson()", _script("readJson")))


def use_devices() -> Any:
    """List the user's sessions."""
    sessions: Any = DevtoolsState.sessions
    tab: Any = DevtoolsState.tab
    return var(f"devicesOf({sessions!s}, {tab!s})", Rows, sessions, tab, _script("devicesOf"))


def end_sessions(which: dict[str, Any]) -> Any:
    """End sessions: what a button's `on_click` takes."""
    chosen: Any = rx.Var.create(which)
    data = (chosen, _script("endSessions"))
    return rx.call_function(script(f"() => endSessions({chosen!s})", *data))


def use_ending() -> Any:
    """Follow the end of sessions: a var with `pending`, and `error` with the facts."""
    return var("ending", dict[str, Any], _hook("const ending = useEnding()", "useEnding"))


def local_time(moment: Any) -> Any:
    """Write seconds since 1970 as the visitor writes times."""
    return var(f"localTime({moment!s})", str, moment, _script("localTime"))


def relative_time(moment: Any) -> Any:
    """Write seconds since 1970 as people say it: in 29 days."""
    data = _hook("const relativeTo = useRelative()", "useRelative", moment)
    return var(f"relativeTo({moment!s})", str, data)


def tick_time() -> Any:
    """Give a chart's axis the function that writes its times."""
    return script("tickTime", _script("tickTime"))


def watch() -> rx.Component:
    """Have the server push the sessions for as long as this is on the page, and connected."""
    on_page = rx.fragment(on_mount=DevtoolsState.watch, on_unmount=DevtoolsState.leave)
    return rx.fragment(rx.cond(rx.State.is_hydrated, on_page))
