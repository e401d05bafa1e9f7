"""The workshop as a part of a page."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.locales import explain, live_text, t, verbatim

from .experiments import EXPERIMENTS
from .state import WorkshopState


def workshop() -> rx.Component:
    """Make a list of experiments, each with a button that tries it on this very server."""
    return rx.el.section(
        rx.el.h2(t("workshop.title")),
        rx.el.p(t("workshop.lead"), class_name="caption"),
        rx.el.div(
            _button(t("workshop.try_all"), WorkshopState.run_all),
            rx.el.p(live_text(_summary()), role="status", class_name="caption"),
            class_name="workshop-all",
        ),
        rx.el.p(live_text(explain(WorkshopState.error)), role="alert", class_name="refusal"),
        rx.el.ul(*map(_experiment, EXPERIMENTS), class_name="workshop"),
        class_name="card",
        custom_attrs={"data-testid": "workshop"},
    )


def _summary() -> Any:
    done = t("workshop.summary", held=WorkshopState.held, tried=WorkshopState.tried)
    said = rx.cond(WorkshopState.tried > 0, done, "")
    return rx.cond(WorkshopState.pending, t("workshop.pending"), said)


def _experiment(key: str) -> rx.Component:
    state: Any = WorkshopState
    outcome = state.outcomes[key]
    return rx.el.li(
        rx.el.div(
            rx.el.h3(t(f"workshop.{key}.title"), id=f"workshop-{key}"),
            _button(
                t("workshop.try"),
                state.run(key),
                quiet=True,
                aria_describedby=f"workshop-{key}",
            ),
            class_name="workshop-head",
        ),
        rx.el.p(t(f"workshop.{key}.what")),
        rx.cond(state.outcomes.contains(key), _outcome(key, outcome)),
        custom_attrs={"data-experiment": key},
    )


def _outcome(key: str, outcome: Any) -> rx.Component:
    held = outcome["held"].to(bool)
    return rx.el.div(
        rx.el.p(
            rx.el.strong(
                live_text(rx.cond(held, t("workshop.held"), t("workshop.broke"))),
                class_name=rx.cond(held, "badge held", "badge broke"),
            ),
            _code(outcome["request"].to(str)),
        ),
        rx.el.ul(rx.foreach(outcome["altered"].to(list[dict[str, str]]), _altered)),
        rx.el.p(
            live_text(t("workshop.answer", status=outcome["status"].to(int))),
            " ",
            _code(outcome["body"].to(str)),
        ),
        rx.el.p(t(f"workshop.{key}.rule")),
        rx.el.p(
            live_text(explain(outcome["refused"].to(dict[str, Any]))), class_name="workshop-why"
        ),
        class_name="workshop-outcome",
    )


def _altered(altered: Any) -> rx.Component:
    return rx.el.li(
        _code(altered["name"]),
        ": ",
        _code(altered["before"]),
        " → ",
        _code(altered["after"]),
    )


def _code(text: Any) -> rx.Component:
    code: rx.Component = rx.el.code(text, custom_attrs=verbatim())
    return code


def _button(label: Any, on_click: Any, *, quiet: bool = False, **more: Any) -> rx.Component:
    """Make a button that keeps the focus while it works: the server runs one at a time anyway."""
    return rx.el.button(
        label,
        type="button",
        on_click=on_click,
        disabled=~rx.State.is_hydrated,
        aria_busy=WorkshopState.pending,
        class_name="button quiet" if quiet else "button",
        **more,
    )
