"""`use_session` and what shows its outcome."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, cast

import reflex as rx
from reflex.vars import VarData

from ...core.errors import AccessDenied, ConfigurationError
from ...core.users import User
from ..compat import var_data
from ..protected import check_plugged_in, public
from ..tabs.state import SessionState
from .assets import imported, var
from .i18n import explain, t


class Pending(Protocol):
    """A state that says whether the server is at work."""

    pending: bool


@contextmanager
def until_the_browser_goes_on(state: Pending) -> Iterator[None]:
    """Stay at work if all goes well, and be at rest if anything is raised."""
    goes_on = False
    try:
        yield
        goes_on = True
    finally:
        state.pending = goes_on


@public
def refused_page() -> rx.Component:
    """Build the page."""
    error = AccessDenied("You don't have permission to see this page.", reason="page")
    page: rx.Component = rx.el.main(
        rx.el.h1(t("refusal.403")),
        rx.el.p(explain(rx.Var.create(error.to_dict())), role="alert"),
        rx.el.p(rx.el.a(t("refusal.home"), href="/")),
        class_name="auth-page",
    )
    return page


_named_providers: set[str] = set()
"""What the pages that were built so far have named."""


def _imported(name: str, alias: str | None = None) -> VarData:
    return imported("session.js", name, alias)


def view_of_tab() -> tuple[str, VarData | None]:
    """Write the expression for what the server pushes to a tab."""
    view: Any = SessionState.view
    return str(view), var_data(view)


def session_text(path: str) -> Any:
    """Show a value of the session that is in the HTML that the server sends.

    No JavaScript is needed to see it, and once the page is live it is live too.

    Args:
        path: The value's place in the public session, like `user.name`.

    Returns:
        A var that holds a text.
    """
    view, data = view_of_tab()
    return var(f'sessionText({view}, "{path}")', str, data, _imported("textOf", "sessionText"))


@dataclass(frozen=True)
class LiveSession:
    """The session of the tab that shows the component."""

    data: Any
    user: Any
    status: Any
    rev: Any
    expires: Any
    pending: Any
    error: Any
    refusal: Any

    def update(self, **fields: Any) -> Any:
        """Update the session from the browser (Auth.js: `update(data)`)."""
        data: Any = rx.Var.create(fields)
        update = _imported("update", "updateSession")
        return rx.call_function(var(f"() => updateSession({data!s})", Any, var_data(data), update))


def use_session(user: type[User] = User) -> LiveSession:
    """Use the session in a component.

    Args:
        user: The app's own user model, so that its fields are known.

    Returns:
        Vars that follow the session, in every tab, without a refresh.

    Raises:
        ConfigurationError: If the app's rxconfig.py has no `SessionsPlugin`.
    """
    check_plugged_in()
    session, request = _session_data(), _request_data()
    return LiveSession(
        data=var("session", dict[str, Any], session),
        user=var("session.user", user, session),
        status=var("session.status", str, session),
        rev=var("session.rev", int, session),
        expires=var("session.expires", str, session),
        pending=var("sessionRequest.pending", bool, request),
        error=var("sessionFailure", dict[str, Any], _failure_data()),
        refusal=SessionState.refusal,
    )


def sign_in_with(provider: Any, *, again: bool = False) -> Any:
    """Sign in at a provider (Auth.js: `signIn(provider)`).

    Afterwards the visitor is where the page's `callbackUrl` leads, or at `/`. While the session is
    `pending`, another click does nothing.

    Args:
        provider: The provider's id; may be a var. One that the app doesn't have stops the start.
        again: Whether the visitor has to prove there who they are, however well they are known.

    Returns:
        What a button's `on_click` takes.
    """
    if isinstance(provider, str):
        _named_providers.add(provider)
    named: Any = rx.Var.create(provider)
    data = (var_data(named), _imported("signInWith"))
    return rx.call_function(var(f"() => signInWith({named!s}, {json.dumps(again)})", Any, *data))


def check_named_providers(known: Collection[str]) -> None:
    """Check that the app has every provider that its pages name."""
    unknown = sorted(_named_providers.difference(known))
    if unknown:
        raise ConfigurationError(
            f"sign_in_with({unknown[0]!r}) names no provider of this app, whose are: "
            f"{', '.join(sorted(known))}."
        )


def _session_data() -> VarData | None:
    view, data = view_of_tab()
    hook = VarData(hooks={f"const session = useSession({view})": None})
    return VarData.merge(data, _imported("useSession"), hook)


def _failure_data() -> VarData | None:
    refusal, count = cast("Any", SessionState.refusal), cast("Any", SessionState.refusals)
    hook = VarData(hooks={f"const sessionFailure = useFailure({refusal!s}, {count!s})": None})
    return VarData.merge(var_data(refusal), _imported("useFailure"), hook)


def _request_data() -> VarData | None:
    hook = VarData(hooks={"const sessionRequest = useRequest()": None})
    return VarData.merge(_imported("useRequest"), hook)


class SessionLog(rx.Fragment):
    """Writes the session to the browser's console at load and after every change."""

    label: ClassVar[str] = "Client Side Rendering"

    def add_hooks(self) -> list[Any]:
        """Call the hook."""
        view, data = view_of_tab()
        call = f"useSessionLog({view}, {json.dumps(self.label)})"
        return [var(call, Any, data, _imported("useSessionLog"))]


class SessionEffects(rx.Fragment):
    """Runs what the server asks the tab to do; it shows nothing."""

    def add_hooks(self) -> list[Any]:
        """Call the hook with the tab's state."""
        names = ("ticket", "leave_to", "cookie_step", "reloads", "tab")
        values = {name: getattr(SessionState, name) for name in names}
        values["status"] = SessionState.view["status"]
        arguments = ", ".join(f"{name}: {value!s}" for name, value in values.items())
        data = (var_data(value) for value in values.values())
        return [var(f"useErrands({{ {arguments} }})", Any, *data, _imported("useErrands"))]


@rx.memo
def session_effects() -> rx.Component:
    """Stand on every page, inside of the state that the hook needs."""
    errands: rx.Component = SessionEffects.create()
    return errands


class Calls(rx.Fragment):
    """Runs `rx.toast` and the like, which an event handler returns, without `eval`."""

    def add_hooks(self) -> list[Any]:
        """Call the hook."""
        return [var("useCalls()", Any, imported("calls.js", "useCalls"))]


def add_effects(app: rx.App, *, allow_eval: bool) -> None:
    """Put the components that do the server's errands on every page."""
    calls = [] if allow_eval else [Calls.create()]
    app.extra_app_wraps[(3, "SessionErrands")] = lambda _: rx.fragment(session_effects(), *calls)
