"""*Token*: what the browser's token says, and how its cookie was set."""

from __future__ import annotations

from typing import Any

import reflex as rx

from authdemo.sessions.locales import live_text, t, verbatim

from .hooks import local_time, relative_time, use_inspection
from .parts import section, table


def token_details() -> rx.Component:
    """Take the token apart, but never show it."""
    token = use_inspection()
    return section(
        "token_details",
        rx.el.p(
            rx.el.strong(t("token_details.verified"), class_name="badge good"),
            " ",
            t("token_details.expires"),
            " ",
            rx.el.strong(live_text(token.countdown), custom_attrs={"data-testid": "countdown"}),
        ),
        rx.el.dl(
            _fact("algorithm", _code(token.algorithm)),
            _fact("key", _code(token.key)),
            _fact("size", live_text(t("token_details.bytes", size=token.size, limit=token.limit))),
            _fact("cookie", _code(token.cookie)),
            _fact("attributes", rx.foreach(token.attributes, _attribute)),
        ),
        table(
            [t(f"token_details.{name}") for name in ("claim", "value", "meaning")],
            rx.foreach(token.claims, _claim),
            label=t("token_details.claims"),
        ),
    )


def _fact(name: str, *value: Any) -> rx.Component:
    return rx.el.div(
        rx.el.dt(t(f"token_details.{name}")), rx.el.dd(*value, custom_attrs={"data-fact": name})
    )


def _code(text: Any) -> rx.Component:
    code: rx.Component = rx.el.code(text, custom_attrs=verbatim())
    return code


def _attribute(text: Any) -> rx.Component:
    return rx.el.code(text, class_name="chip", custom_attrs=verbatim())


def _claim(claim: Any) -> rx.Component:
    moment = claim["moment"].to(int)
    return rx.el.tr(
        rx.el.td(_code(claim["name"].to(str))),
        rx.el.td(
            _code(claim["value"].to(str)),
            rx.cond(
                moment,
                rx.el.span(
                    live_text(local_time(moment)),
                    rx.el.span(", "),
                    live_text(relative_time(moment)),
                    class_name="moment",
                ),
            ),
            custom_attrs={"data-claim": claim["name"].to(str)},
        ),
        rx.el.td(live_text(claim["meaning"].to(str))),
    )
