"""*Devices and tabs*: where the user is signed in, live, and how to end it."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.components import confirm_button
from authdemo.sessions.locales import explain, live_text, t, verbatim

from .hooks import end_sessions, relative_time, use_devices, use_ending, watch
from .parts import filled_list, section


def devices() -> rx.Component:
    """List the user's sessions with their open tabs, and end them."""
    sessions, ending = use_devices(), use_ending()
    pending = ending["pending"].to(bool)
    return section(
        "devices",
        watch(),
        filled_list(sessions, _device, class_name="device-list"),
        rx.el.p(live_text(explain(ending["error"])), role="alert", class_name="refusal"),
        rx.el.div(
            confirm_button(
                t("devices.end_others"),
                t("devices.ask_others"),
                end_sessions({"others": True}),
                disabled=pending | (sessions.length() == 1),
            ),
            confirm_button(
                t("devices.end_all"),
                t("devices.ask_all"),
                end_sessions({"all": True}),
                disabled=pending,
            ),
            class_name="actions",
        ),
    )


def _device(session: Any) -> rx.Component:
    name_id = "device-" + session["id"].to(str)
    return rx.el.li(
        rx.el.p(
            rx.el.strong(live_text(session["name"].to(str)), id=name_id),
            " ",
            rx.cond(
                session["current"].to(bool),
                rx.el.span(t("devices.current"), class_name="badge good"),
            ),
        ),
        rx.el.dl(
            _fact("address", rx.el.code(session["ip"].to(str), custom_attrs=verbatim())),
            _fact("since", live_text(relative_time(session["created"].to(float)))),
            _fact("seen", live_text(relative_time(session["last_seen"].to(float)))),
            _fact("rev", rx.el.span(session["rev"].to(str), custom_attrs=verbatim())),
            _fact(
                "tabs",
                rx.el.span(
                    session["count"].to(str), custom_attrs=verbatim() | {"data-testid": "tab-count"}
                ),
                " ",
                rx.foreach(session["tabs"].to(list[dict[str, Any]]), _tab),
            ),
        ),
        confirm_button(
            t("devices.end"),
            t("devices.ask_end", name=session["name"].to(str)),
            end_sessions({"id": session["id"].to(str)}),
            disabled=use_ending()["pending"].to(bool),
            described_by=name_id,
        ),
        class_name="device",
    )


def _fact(name: str, *value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(t(f"devices.{name}")), rx.el.dd(*value))


def _tab(tab: Any) -> rx.Component:
    return rx.el.span(
        rx.el.code(tab["name"].to(str), custom_attrs=verbatim()),
        rx.cond(tab["isOwn"].to(bool), rx.el.span(" ", t("devices.this_tab"))),
        class_name="chip",
    )
