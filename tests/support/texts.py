"""Lists the texts of the demo that a translator could take away from React; see `main`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import reflex as rx
from reflex.components.component import BaseComponent, Component
from reflex_components_core.base.bare import Bare
from reflex_components_core.base.fragment import Fragment
from reflex_components_core.core.cond import Cond
from reflex_components_core.core.foreach import Foreach


def at_risk(component: BaseComponent) -> Iterator[str]:
    """List the texts that React would look for after a translator has replaced their nodes.

    A text that changes has to be a `live_text`, or stand in an element that isn't translated. One
    that stays must not be a neighbour of what comes and goes.
    """
    if isinstance(component, Component) and _is_verbatim(component):
        return
    yield from (child for child in map(_changing, component.children) if child)
    children = list(_flat(component.children))
    if any(isinstance(child, Cond | Foreach) or _is_live(child) for child in children):
        yield from filter(None, map(_plain_text, children))
    for child in component.children:
        yield from at_risk(child)


def _flat(children: list[BaseComponent]) -> Iterator[BaseComponent]:
    for child in children:
        if type(child) is Fragment:
            yield from _flat(child.children)
        else:
            yield child


def _is_verbatim(component: Component) -> bool:
    return str(component.custom_attrs.get("translate", "")) == "no"


def _is_live(child: BaseComponent) -> bool:
    return isinstance(child, Bare) and str(child.contents).startswith("liveText(")


def _plain_text(child: BaseComponent) -> str:
    if not isinstance(child, Bare) or _is_live(child):
        return ""
    return str(child.contents).strip('" ')


def _changing(child: BaseComponent) -> str:
    """Tell the text of a child if it may change."""
    if not isinstance(child, Bare) or _is_live(child):
        return ""
    data = child.contents._get_all_var_data()
    is_of_row = "_rx_state_" in str(child.contents)  # the name that `foreach` gives a row
    changes = data is not None and (data.state or data.hooks)
    return str(child.contents) if changes or is_of_row else ""


def main() -> None:
    """Look at all pages of the demo, and at those of the package; print what is at risk."""
    from authdemo.auth import auth
    from authdemo.authdemo import app
    from authdemo.sessions.reflex.components import forms
    from authdemo.sessions.reflex.installed import remember
    from authdemo.ui import (
        buttons,
        error_boundary,
        feedback,
        layout,
        preferences,
        session_card,
    )

    remember(auth)
    pages = {
        **{page.route: page.component for page in app._unevaluated_pages.values()},
        "sign_in_page": forms.sign_in_page,
        "confirm_page": forms.confirm_page,
        "provider_buttons": forms.provider_buttons,
        "access_denied_page": forms.access_denied_page,
        "toasts": inspect.unwrap(feedback.toasts),
        "preferences": inspect.unwrap(preferences.preferences),
        "acting": inspect.unwrap(layout.acting),
        "update_refusal": inspect.unwrap(buttons.update_refusal),
        "expiry": inspect.unwrap(session_card.expiry),
        "lost_connection": inspect.unwrap(error_boundary.lost_connection),
    }
    for name, page in pages.items():
        shown = page() if callable(page) else page
        assert isinstance(shown, rx.Component), name
        print(name, sum(1 for _ in _all(shown)), *sorted(set(at_risk(shown))), sep="\t")


def _all(component: BaseComponent) -> Iterator[BaseComponent]:
    yield component
    for child in component.children:
        yield from _all(child)


if __name__ == "__main__":
    main()
