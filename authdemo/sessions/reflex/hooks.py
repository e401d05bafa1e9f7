"""The session in components (Auth.js: `useSession`)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.utils.imports import ImportVar
from reflex.vars import VarData

from ..core.users import User
from .state import SessionState


def _module() -> str:
    return "$/public" + rx.asset("session.js", shared=True)


def _imported(name: str, alias: str | None = None) -> VarData:
    return VarData(imports={_module(): [ImportVar(tag=name, alias=alias)]})


def _var(expression: str, kind: Any, *data: VarData | None) -> Any:
    return rx.Var(expression, _var_type=kind, _var_data=VarData.merge(*data)).guess_type()


def _view() -> tuple[str, VarData | None]:
    view: Any = SessionState.view
    return str(view), view._get_all_var_data()


def session_text(path: str) -> Any:
    """Show a value of the session that is in the HTML that the server sends.

    No JavaScript is needed to see it, and once the page is live it is live too.

    Args:
        path: The value's place in the public session, like `user.name`.

    Returns:
        A var that holds a text.
    """
    view, data = _view()
    return _var(f'sessionText({view}, "{path}")', str, data, _imported("textOf", "sessionText"))


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

    def update(self, **fields: Any) -> Any:
        """Update the session from the browser (Auth.js: `update(data)`).

        Args:
            **fields: The fields to change; values may be vars.

        Returns:
            What a button's `on_click` takes.
        """
        data: Any = rx.Var.create(fields)
        update = _imported("update", "updateSession")
        return rx.call_function(
            _var(f"() => updateSession({data!s})", Any, data._get_all_var_data(), update)
        )


def use_session(user: type[User] = User) -> LiveSession:
    """Use the session in a component.

    Args:
        user: The app's own user model, so that its fields are known.

    Returns:
        Vars that follow the session, in every tab, without a refresh.
    """
    session, request = _session_data(), _request_data()
    return LiveSession(
        data=_var("session", dict[str, Any], session),
        user=_var("session.user", user, session),
        status=_var("session.status", str, session),
        rev=_var("session.rev", int, session),
        expires=_var("session.expires", str, session),
        pending=_var("sessionRequest.pending", bool, request),
        error=_var("sessionRequest.error", str, request),
    )


def _session_data() -> VarData | None:
    view, data = _view()
    hook = VarData(hooks={f"const session = useSession({view})": None})
    return VarData.merge(data, _imported("useSession"), hook)


def _request_data() -> VarData | None:
    hook = VarData(hooks={"const sessionRequest = useRequest()": None})
    return VarData.merge(_imported("useRequest"), hook)


class SessionLog(rx.Fragment):
    """Writes the session to the browser's console at load and after every change."""

    label: str = "Client Side Rendering"

    def add_hooks(self) -> list[Any]:
        """Call the hook."""
        view, data = _view()
        call = f"useSessionLog({view}, {json.dumps(self.label)})"
        return [_var(call, Any, data, _imported("useSessionLog"))]


class Errands(rx.Fragment):
    """Runs what the server asks the tab to do; it shows nothing."""

    def add_hooks(self) -> list[Any]:
        """Call the hook with the tab's state."""
        names = ("ticket", "leave_to", "cookie_rev", "reloads")
        values = {name: getattr(SessionState, name) for name in names}
        arguments = ", ".join(f"{name}: {var!s}" for name, var in values.items())
        data = (var._get_all_var_data() for var in values.values())
        return [_var(f"useErrands({{ {arguments} }})", Any, *data, _imported("useErrands"))]


@rx.memo
def session_errands() -> Any:
    """Stand on every page, inside of the state that the hook needs."""
    return Errands.create()
