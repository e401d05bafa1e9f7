"""What happens on a page without being asked for: toasts, and where the focus goes."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions import use_session
from authdemo.sessions.locales import live_text, t

LIVE = {"data-live": ""}
"""Has an element glow when its text changes: its `custom_attrs`."""


def _from_script(name: str) -> dict[str, list[rx.ImportVar]]:
    script = rx.asset("feedback.js", shared=True).partition("?")[0]
    return {"$/public" + script: [rx.ImportVar(tag=name)]}


@rx.memo
def toasts() -> rx.Component:
    """Show toasts, as of an update that changes nothing; they wait to be read."""
    hook = VarData(imports=_from_script("useToasts"), hooks={"const feedback = useToasts()": None})

    def var(expression: str, kind: Any) -> Any:
        return rx.Var(expression, _var_type=kind, _var_data=hook).guess_type()

    def made(toast: Any) -> rx.Component:
        dismiss = var(f"() => feedback.dismiss({toast['id']!s})", Any)
        return rx.el.li(
            live_text(toast["text"].to(str)),
            rx.el.button(
                rx.el.span("\N{MULTIPLICATION SIGN}", aria_hidden=True),
                rx.el.span(t("layout.dismiss"), class_name="hidden"),
                type="button",
                on_click=rx.call_function(dismiss),
            ),
            key=toast["id"],
            class_name="toast",
        )

    held = ("onMouseEnter", "onFocus")
    released = ("onMouseLeave", "onBlur")
    shown = rx.el.div(
        rx.el.ul(
            rx.foreach(var("feedback.toasts", list[dict[str, Any]]), made),
            class_name="toasts",
            custom_attrs={
                **{event: var("feedback.hold", Any) for event in held},
                **{event: var("feedback.release", Any) for event in released},
            },
        ),
        role="status",
    )
    unchanged = ToastWhen.create(value=use_session().unchanged, text=t("update.unchanged"))
    return rx.fragment(unchanged, shown)


class ToastWhen(rx.Fragment):
    """Says a text in a toast when something comes true."""

    value: rx.Var[Any]
    text: rx.Var[str]

    def _exclude_props(self) -> list[str]:
        return ["value", "text"]

    def add_hooks(self) -> list[Any]:
        """Call the hook."""
        data = VarData(imports=_from_script("useToastWhen"))
        return [rx.Var(f"useToastWhen({self.value}, {self.text})", _var_data=data)]


def overdue(value: Any) -> Any:
    """Tell whether something is awaited for longer than anybody waits without a word."""
    hook = f"const isOverdue = useOverdue({value!s})"
    data = VarData(imports=_from_script("useOverdue"), hooks={hook: None})
    return ~value & rx.Var("isOverdue", _var_type=bool, _var_data=data).guess_type()


class Arrival(rx.Fragment):
    """Moves the focus to the heading of a page that a link led to; what changes there glows."""

    def add_hooks(self) -> list[Any]:
        """Call the hooks."""
        hooks = ("useArrival", "useGlow")
        return [
            rx.Var(f"{name}()", _var_data=VarData(imports=_from_script(name))) for name in hooks
        ]
