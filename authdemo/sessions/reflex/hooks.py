"""The session in components (Auth.js: `useSession`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from ..core.users import User
from .state import SessionState


def _module() -> str:
    return "$/public" + rx.asset("session.js", shared=True)


def _imported(*names: str, hooks: dict[str, None] | None = None) -> VarData:
    return VarData(
        imports={_module(): [ImportVar(tag=name) for name in names]}, hooks=hooks or {}
    )


def _var(expression: str, kind: Any, data: VarData | None) -> Any:
    return rx.Var(expression, _var_type=kind, _var_data=data).guess_type()


def _view() -> tuple[str, VarData | None]:
    view = SessionState.view
    return str(view), view._get_all_var_data()


def session_text(path: str) -> rx.Var[str]:
    """Show a value of the session that is in the HTML that the server sends.

    No JavaScript is needed to see it, and once the page is live it is live too.

    Args:
        path: The value's place in the public session, like `user.name`.

    Returns:
        A text.
    """
    view, data = _view()
    return _var(f'sessionTextOf({view}, "{path}")', str, VarData.merge(data, _renamed("textOf", "sessionTextOf")))


def _renamed(name: str, alias: str) -> VarData:
    return VarData(imports={_module(): [ImportVar(tag=name, alias=alias)]})


@dataclass(frozen=True)
class LiveSession:
    """The session of the tab that shows the component.

    Attributes:
        data: The public session; `user` is None while nobody is signed in.
        user: The user.
        status: `loading`, `authenticated` or `unauthenticated`.
        rev: The revision.
        expires: When it ends, as ISO 8601.
        pending: Whether an update from this tab is on its way.
        error: Why the last update from this tab was refused; empty if it wasn't.
    """

    data: Any
    user: Any
    status: Any
    rev: Any
    expires: Any
    pending: Any
    error: Any

    def update(self, **fields: Any) -> rx.event.EventSpec:
        """Update the session from the browser (Auth.js: `update(data)`).

        Args:
            **fields: The fields to change; values may be vars.

        Returns:
            What a button's `on_click` takes.
        """
        data = rx.Var.create(fields)
        merged = VarData.merge(data._get_all_var_data(), _renamed("update", "updateSession"))
        call = rx.Var(f"() => updateSession({data!s})", _var_data=merged)
        return rx.call_function(call)


def use_session(user: type[User] = User) -> LiveSession:
    """Use the session in a component.

    Args:
        user: The app's own user model, so that its fields are known.

    Returns:
        Vars that follow the session, in every tab, without a refresh.
    """
    view, data = _view()
    session = VarData.merge(
        data, _renamed("useSession", "useSession"), VarData(hooks={f"const session = useSession({view})": None})
    )
    request = _imported("useRequest", hooks={"const sessionRequest = useRequest()": None})
    return LiveSession(
        data=_var("session", dict[str, Any], session),
        user=_var("session.user", user, session),
        status=_var("session.status", str, session),
        rev=_var("session.rev", int, session),
        expires=_var("session.expires", str, session),
        pending=_var("sessionRequest.pending", bool, request),
        error=_var("sessionRequest.error", str, request),
    )


class Errands(rx.Fragment):
    """Runs what the server asks the tab to do; it shows nothing."""

    def add_imports(self) -> dict[str, Any]:
        """Import the hook."""
        return {_module(): [ImportVar(tag="useErrands")]}

    def add_hooks(self) -> list[rx.Var[Any]]:
        """Call the hook with the tab's state."""
        state = SessionState
        names = ("ticket", "leave_to", "cookie_rev", "reloads")
        values = {name: getattr(state, name) for name in names}
        arguments = ", ".join(f"{name}: {var!s}" for name, var in values.items())
        data = VarData.merge(*(var._get_all_var_data() for var in values.values()))
        return [rx.Var(f"useErrands({{ {arguments} }})", _var_data=data)]


@rx.memo
def session_errands() -> rx.Component:
    """Stand on every page, inside of the state that the hook needs."""
    return Errands.create()
