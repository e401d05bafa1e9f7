"""What a visitor chooses for themselves: the language, and light or dark."""

from __future__ import annotations

from typing import Any

import reflex as rx
from reflex.vars import VarData

from authdemo.sessions.locales import current_language, set_language, t

LANGUAGES = {"en": "English", "zh": "中文"}
THEMES = ("system", "light", "dark")


@rx.memo
def preferences() -> rx.Component:
    """Make the switches at the foot of each page."""
    return rx.el.footer(_languages(), _themes(), class_name="foot")


def _languages() -> rx.Component:
    return _choice(
        t("layout.language"),
        *(
            rx.el.button(
                name,
                type="button",
                lang=tag,
                on_click=set_language(tag),
                aria_pressed=current_language() == tag,
            )
            for tag, name in LANGUAGES.items()
        ),
    )


def _themes() -> rx.Component:
    return _choice(t("layout.theme"), *map(_theme, THEMES))


def _theme(name: str) -> rx.Component:
    hook = VarData(
        imports={"$/utils/react-theme": [rx.ImportVar(tag="useTheme")]},
        hooks={"const preference = useTheme()": None},
    )
    chosen: Any = rx.Var("preference.theme", _var_type=str, _var_data=hook)
    choose: Any = rx.Var(f'() => preference.setTheme("{name}")', _var_data=hook)
    return rx.el.button(
        t(f"layout.{name}"),
        type="button",
        on_click=rx.call_function(choose),
        aria_pressed=chosen.to(str) == name,
    )


def _choice(legend: Any, *buttons: rx.Component) -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(legend), rx.el.div(*buttons, class_name="segments"), class_name="choice"
    )
