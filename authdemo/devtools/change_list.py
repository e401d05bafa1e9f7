"""*Timeline*: what happened to the user's sessions, as it happens."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.locales import live_text, t, verbatim

from .chart import chart
from .hooks import pick, use_timeline, watch
from .parts import changes, filled_list, section


def timeline() -> rx.Component:
    """Show every step, a chart of this session's, and the difference between two of them."""
    steps = use_timeline()
    return section(
        "timeline",
        watch(),
        chart(),
        _comparison(),
        filled_list(steps.entries, _entry, class_name="timeline-list"),
    )


def _comparison() -> rx.Component:
    steps = use_timeline()
    return rx.el.div(
        rx.cond(
            steps.is_picked,
            rx.fragment(
                rx.el.div(
                    _choice("from", steps.start, "pickFrom"),
                    _choice("to", steps.end, "pickTo"),
                    class_name="choices",
                ),
                rx.cond(
                    steps.difference.length() > 0,
                    changes(steps.difference),
                    rx.el.p(t("timeline.same"), class_name="caption"),
                ),
            ),
            rx.el.p(t("timeline.pick"), class_name="caption"),
        ),
        role="status",
        class_name="comparison",
        custom_attrs={"data-testid": "difference"},
    )


def _choice(name: str, chosen: Any, function: str) -> rx.Component:
    steps = use_timeline()
    return rx.el.label(
        t(f"timeline.{name}"),
        rx.el.select(
            rx.foreach(steps.options, _option),
            custom_attrs={"value": chosen, "onChange": steps.call(function)},
        ),
    )


def _option(option: Any) -> rx.Component:
    return rx.el.option(option["label"], value=option["key"], custom_attrs=verbatim())


def _entry(step: Any) -> rx.Component:
    return rx.el.li(
        rx.el.p(
            rx.cond(
                step["current"].to(bool),
                rx.el.button(
                    live_text(t("timeline.rev", rev=step["rev"].to(int))),
                    type="button",
                    on_click=pick(step["key"].to(str)),
                    aria_pressed=step["isPicked"].to(bool),
                    class_name="button small quiet",
                ),
                rx.el.span(
                    live_text(t("timeline.elsewhere", rev=step["rev"].to(int))),
                    class_name="badge",
                ),
            ),
            rx.el.strong(live_text(step["cause"].to(str))),
            rx.el.time(step["time"].to(str), custom_attrs=verbatim()),
        ),
        rx.el.p(live_text(step["origin"].to(str)), class_name="caption"),
        changes(step["changes"].to(list[dict[str, str]])),
    )
