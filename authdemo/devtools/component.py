"""The panel on every page, and the same parts as a page: React's, in `devtools.js`."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import reflex as rx

from authdemo.sessions.components import tab_var

from .access import access, allow
from .attack_state import AttacksState
from .state import DevtoolsState

PARTS = ("session", "timeline", "devices", "token", "attacks")


@cache
def _folder() -> str:
    """Hand all scripts and the style sheet to the build, and find where they are."""
    files = [file for ending in ("js", "css") for file in Path(__file__).parent.glob(f"*.{ending}")]
    paths = [rx.asset(file.name, shared=True) for file in files]
    return f"$/public{Path(paths[0]).parent}"


def _act(action: rx.Var[str], field: rx.Var[str], value: rx.Var[str]) -> list[rx.Var[str]]:
    return [action, field, value]


def _one(name: rx.Var[str]) -> list[rx.Var[str]]:
    return [name]


class _Devtools(rx.Component):
    script: ClassVar[str]
    view: rx.Var[dict[str, Any]]
    is_hydrated: rx.Var[bool]
    facts: rx.Var[dict[str, Any]]
    sessions: rx.Var[list[dict[str, Any]]]
    changes: rx.Var[list[dict[str, Any]]]
    tab_name: rx.Var[str]
    error: rx.Var[dict[str, Any]]
    outcomes: rx.Var[dict[str, Any]]
    pending: rx.Var[list[str]]
    attack_error: rx.Var[dict[str, Any]]

    @classmethod
    def get_event_triggers(cls) -> dict[str, Any]:
        """Add what the parts ask of the server."""
        none = rx.event.no_args_event_spec
        own = {"on_leave": none, "on_attack_all": none}
        named = {"on_watch": _one, "on_attack": _one, "on_act": _act}
        return {**super().get_event_triggers(), **own, **named}

    @classmethod
    def connected(cls, **props: Any) -> rx.Component:
        """Make it with the tab's state."""
        state: Any = DevtoolsState
        attacks: Any = AttacksState
        component: rx.Component = cls.create(
            library=f"{_folder()}/{cls.script}",
            view=tab_var("view"),
            is_hydrated=rx.State.is_hydrated,
            facts=state.facts,
            sessions=state.sessions,
            changes=state.changes,
            tab_name=state.tab,
            error=state.error,
            outcomes=attacks.outcomes,
            pending=attacks.pending,
            attack_error=attacks.error,
            on_watch=state.watch,
            on_leave=state.leave,
            on_act=state.act,
            on_attack=attacks.run,
            on_attack_all=attacks.run_all,
            **props,
        )
        return component


class DevtoolsButton(_Devtools):
    """The button at the edge of a page, and the panel that it opens."""

    tag = "DevtoolsButton"
    script = "devtools.js"
    roles: rx.Var[list[str]]


class DevtoolsPage(_Devtools):
    """The parts as a page."""

    tag = "DevtoolsPage"
    script = "page.js"
    parts: rx.Var[list[str]]


@rx.memo
def devtools_button() -> rx.Component:
    """Stand on every page, inside of the state that the panel shows."""
    return DevtoolsButton.connected(roles=sorted(access.roles or ()))


def inspector(*parts: str) -> rx.Component:
    """Show the devtools as a page, for signed-in users.

    Args:
        *parts: Which of `session`, `timeline`, `devices`, `token` and `attacks`; all by default.
    """
    return DevtoolsPage.connected(parts=list(parts or PARTS))


def add_panel(app: rx.App, roles: Collection[str] | None) -> None:
    """Put the button on every page, for users with these roles, or for everybody."""
    allow(roles)
    app.extra_app_wraps[(2, "SessionDevtools")] = lambda _: rx.fragment(devtools_button())
