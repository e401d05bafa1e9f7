"""What `inspector.js` knows, as vars for components."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions.reflex.components.assets import imported, var
from authdemo.sessions.reflex.components.session import view_of_tab
from authdemo.sessions.reflex.tabs.overview import OverviewState
from authdemo.sessions.reflex.tabs.state import SessionState

from .watching import WatchingState

Rows = list[dict[str, Any]]


def _script(name: str) -> VarData:
    return imported("inspector.js", name)


def _hook(line: str, function: str, *data: VarData | None) -> VarData | None:
    return VarData.merge(*data, _script(function), VarData(hooks={line: None}))


def _data_of(value: Any) -> VarData | None:
    return value._get_all_var_data()


@dataclass(frozen=True)
class Inspection:
    """What the browser's own token says, read again whenever it may be another one.

    Attributes:
        algorithm: The algorithm of its signature.
        key: The id of the key that signed it.
        size: Its size in bytes.
        limit: The size that it can't exceed.
        claims: Its claims: `name`, `value`, `moment` (seconds since 1970, or 0) and `meaning`.
        cookie: The cookie's name.
        attributes: The cookie's attributes, as the server set them.
        countdown: The time until then.
    """

    algorithm: Any
    key: Any
    size: Any
    limit: Any
    claims: Any
    cookie: Any
    attributes: Any
    countdown: Any


def use_inspection() -> Inspection:
    """Look into the token of the browser that shows the component.

    Returns:
        Vars that follow it; none of them is a credential.
    """
    view, viewed = view_of_tab()
    read = _hook(f"const inspection = useInspection({view})", "useInspection", viewed)
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


def use_faces() -> Any:
    """Compare token, JSON and view.

    Returns:
        A var with `token`, `json` and `view`, each with `rev`, `name` and `behind`, and
        `took`: for how many milliseconds the cookie was behind; -1 if it never was.
    """
    view, viewed = view_of_tab()
    data = _hook(f"const faces = useFaces({view})", "useFaces", viewed)
    return var("faces", dict[str, Any], data)


@dataclass(frozen=True)
class Timeline:
    """What happened to the user's sessions.

    Attributes:
        entries: The steps, the newest first.
        options: The steps of this session: `key` and `label`.
        points: The same as `key`, `at` and `rev`.
        is_picked: Whether two steps are compared.
        start: The earlier one's key.
        end: The later one's key.
        difference: What changed between them: `field`, `old` and `new`.
    """

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
        return var(f"timeline.{function}", Any, self.data)


def use_timeline() -> Timeline:
    """Follow what happens to the user's sessions.

    Returns:
        Vars; the component has to stand inside of a `Watch`.
    """
    steps: Any = OverviewState.steps
    tab: Any = SessionState.tab
    line = f"const timeline = useTimeline({steps!s}, {tab!s})"
    data = _hook(line, "useTimeline", _data_of(steps), _data_of(tab))
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
    return rx.call_function(var(f"() => pick({key!s})", Any, _data_of(key), _script("pick")))


def read_json() -> Any:
    """Ask for the session in JSON, as any HTTP client does: what `on_click` takes."""
    return rx.call_function(var("() => readJson()", Any, _script("readJson")))


def use_devices() -> Any:
    """List the user's sessions.

    Returns:
        A var with a list of what `overview` says of them, and their `name`, their open
        `tabs` (`name` and `isOwn`) and the `count` of these.
    """
    sessions: Any = OverviewState.sessions
    tab: Any = SessionState.tab
    data = VarData.merge(_data_of(sessions), _data_of(tab), _script("devicesOf"))
    return var(f"devicesOf({sessions!s}, {tab!s})", Rows, data)


def end_sessions(which: dict[str, Any]) -> Any:
    """End sessions: what a button's `on_click` takes.

    Args:
        which: `{"id": ...}`, `{"others": True}` or `{"all": True}`.

    Returns:
        The handler.
    """
    chosen: Any = rx.Var.create(which)
    data = (_data_of(chosen), _script("endSessions"))
    return rx.call_function(var(f"() => endSessions({chosen!s})", Any, *data))


def use_ending() -> Any:
    """Follow the end of sessions: a var with `pending`, and `error` with the facts."""
    return var("ending", dict[str, Any], _hook("const ending = useEnding()", "useEnding"))


def local_time(moment: Any) -> Any:
    """Write seconds since 1970 as the visitor writes times."""
    return var(f"localTime({moment!s})", str, _data_of(moment), _script("localTime"))


def relative_time(moment: Any) -> Any:
    """Write seconds since 1970 as people say it: in 29 days."""
    data = _hook("const relativeTo = useRelative()", "useRelative", _data_of(moment))
    return var(f"relativeTo({moment!s})", str, data)


def tick_time() -> Any:
    """Give a chart's axis the function that writes its times."""
    return var("tickTime", Any, _script("tickTime"))


class Watch(rx.Fragment):
    """Has the server push the overview for as long as it is on the page."""

    @classmethod
    def create(cls, *children: Any, **props: Any) -> rx.Component:
        """Make one.

        Args:
            *children: What stands in it.
            **props: The fragment's own.

        Returns:
            The component.
        """
        handlers = {"on_mount": WatchingState.watch, "on_unmount": WatchingState.leave}
        made: rx.Component = super().create(*children, **handlers, **props)
        return made
