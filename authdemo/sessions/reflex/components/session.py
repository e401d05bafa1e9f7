"""`use_session`, `use_profile`, and what acts in the browser for the server."""

from __future__ import annotations

import json
import traceback
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, cast

import reflex as rx
from reflex.event import EventSpec
from reflex.vars import ArrayVar, BooleanVar, NumberVar, ObjectVar, StringVar, VarData

from ...core.errors import ConfigurationError, ErrorDict
from ...core.schema import U, User
from ..protected import require_plugin
from ..tabs.state import SessionState
from .assets import hook, imported, script, var


class Pending(Protocol):
    """A state that says whether the server is at work."""

    pending: bool


@contextmanager
def pending_until_navigation(state: Pending) -> Iterator[None]:
    """Keep a form pending after success, since the browser then goes to another page."""
    try:
        yield
    except BaseException:
        state.pending = False
        raise


_named_providers: set[str] = set()
"""The providers that the pages built so far have named."""

_named_fields: dict[str, str] = {}
"""The fields that these pages update, and the call that does it."""

_shown_fields: dict[str, str] = {}
"""The fields of the user that `session_text` shows, and the call that does it."""


def _note_fields(call: str, names: Iterable[str], notes: dict[str, str] = _named_fields) -> None:
    """Note who names fields: the caller of the function that calls this."""
    place = traceback.extract_stack(limit=3)[0]
    for name in names:
        notes[name] = f"{place.filename}, line {place.lineno}: {call.format(name)}"


def _imported(name: str, alias: str | None = None) -> VarData:
    return imported("session.js", name, alias)


def tab_var(name: str) -> ObjectVar[dict[str, Any]]:
    """Read a var of the tab's session state, such as `view`, which the server pushes."""
    return cast("ObjectVar[dict[str, Any]]", getattr(SessionState, name))


def session_text(path: str) -> StringVar[str]:
    """Show a value of the session that is in the HTML that the server sends.

    It needs no JavaScript, and follows the session once the page is live. `path` is the value's
    place in the public session, like `user.name`. A field that users don't have stops the start.
    """
    if path.startswith("user."):
        _note_fields(f"session_text({path!r})", [path.split(".")[1]], _shown_fields)
    view = tab_var("view")
    return var(f'sessionText({view!s}, "{path}")', str, view, _imported("textOf", "sessionText"))


@dataclass(frozen=True)
class LiveSession(Generic[U]):
    """The session of the tab that shows the component, as vars that follow it.

    Attributes:
        data: All that is public, as `GET /api/auth/session` shows it, and `status`.
        user: The user, of the app's own type.
        status: `loading`, `authenticated` or `unauthenticated`.
        rev: The session's revision.
        expires: When the session ends unless it is renewed, in ISO 8601.
        level: 2 after two factors, 1 without, and 0 while nobody is signed in.
        pending: Whether an update or a sign-in of this tab is on its way.
        error: Why the tab's last update or event failed, for `explain`; empty if it didn't.
        event_error: Why the tab's last event failed, for `explain`; empty if it didn't.
        unchanged: How many updates of the tab, since it was loaded, have changed nothing.
    """

    data: ObjectVar[dict[str, Any]]
    user: ObjectVar[U]
    status: StringVar[str]
    rev: NumberVar[int]
    expires: StringVar[str]
    level: NumberVar[int]
    pending: BooleanVar
    error: ObjectVar[ErrorDict]
    event_error: ObjectVar[ErrorDict]
    unchanged: NumberVar[int]

    def update(self, **fields: object) -> EventSpec:
        """Update the session from the browser (Auth.js: `update(data)`).

        The fields may be vars. The result is what a button's `on_click` takes.
        """
        _note_fields("session.update({}=...)", fields)
        data, rev = rx.Var.create(fields), self.rev
        update = _imported("update", "updateSession")
        call = f"() => updateSession({data!s}, {rev!s})"
        return rx.call_function(script(call, data, rev, update))


def use_session(user: type[U] = User) -> LiveSession[U]:  # type: ignore[assignment]
    """Use the session in a component.

    Args:
        user: The app's own user model, so that its fields are known.

    Raises:
        ConfigurationError: If the app's rxconfig.py has no `SessionsPlugin`.
    """
    require_plugin()
    view, event_error = tab_var("view"), tab_var("event_error")
    session = hook(f"const session = useSession({view!s})", view, _imported("useSession"))
    request = hook("const sessionRequest = useRequest()", _imported("useRequest"))
    failure = hook(
        f"const sessionFailure = useFailure({event_error!s}, {tab_var('event_error_count')!s})",
        event_error,
        _imported("useFailure"),
    )
    return LiveSession(
        data=var("session", dict[str, Any], session),
        user=var("session.user", user, session),
        status=var("session.status", str, session),
        rev=var("session.rev", int, session),
        expires=var("session.expires", str, session),
        level=var("session.level", int, session),
        pending=var("sessionRequest.pending", bool, request),
        error=var("sessionFailure", ErrorDict, failure),
        event_error=event_error,
        unchanged=var(
            f"sessionRequest.unchanged + {tab_var('unchanged')!s}", int, request, event_error
        ),
    )


@dataclass(frozen=True)
class Profile:
    """A form for fields of the user, as vars and handlers for its elements.

    Attributes:
        is_edited: Whether a field differs from the session.
        pending: Whether the update is on its way.
        is_conflict: Whether an edited field has changed in the session meanwhile.
        conflicts: The edited fields, each with `name`, `theirs` and `mine`.
        error: Why the update was rejected, for `explain`; empty if one field is to blame.
        saved: How often the form was saved, with changes.
        submit: Sends the update: for the form's `on_submit`.
        keep_theirs: Drops the edits.
        save_mine: Sends them although there is a conflict.
    """

    is_edited: BooleanVar
    pending: BooleanVar
    is_conflict: BooleanVar
    conflicts: ArrayVar[list[dict[str, str]]]
    error: ObjectVar[ErrorDict]
    saved: NumberVar[int]
    submit: EventSpec
    keep_theirs: EventSpec
    save_mine: EventSpec
    _data: VarData | None

    def field(self, name: str) -> dict[str, object]:
        """Bind an input to a field: its `custom_attrs`."""
        return {
            "name": name,
            "value": var(f"profile.values.{name}", str, self._data),
            "onChange": script("profile.change", self._data),
            "aria-invalid": var(f"Boolean(profile.errors.{name})", bool, self._data),
            "aria-describedby": f"{name}-error",
        }

    def field_error(self, name: str) -> ObjectVar[ErrorDict]:
        """Explain why a field was rejected; for `explain`."""
        return var(f"profile.errors.{name}", ErrorDict, self._data)


def use_profile(*names: str) -> Profile:
    """Use a form for some of the user's fields; a tab has one.

    Args:
        *names: The fields, which a client may change.
    """
    _note_fields("use_profile({!r})", names)
    view = tab_var("view")
    call = f"const profile = useProfile({view!s}, {json.dumps(names)})"
    data = hook(call, view, imported("profile.js", "useProfile"))

    def handler(function: str) -> EventSpec:
        return rx.call_function(script(f"() => profile.{function}()", data))

    return Profile(
        is_edited=var("profile.isEdited", bool, data),
        pending=use_session().pending,
        is_conflict=var("profile.isConflict", bool, data),
        conflicts=var("profile.conflicts", list[dict[str, str]], data),
        error=var("profile.error", ErrorDict, data),
        saved=var("profile.saved", int, data),
        submit=handler("submit"),
        keep_theirs=handler("keepTheirs"),
        save_mine=handler("saveMine"),
        _data=data,
    )


def sign_in_with(
    provider: str | rx.Var[str],
    *,
    reauthenticate: bool = False,
    remember: bool | rx.Var[bool] = True,
) -> EventSpec:
    """Sign in at a provider (Auth.js: `signIn(provider)`).

    Afterwards the visitor is where the page's `callbackUrl` leads, or at `/`. While the session is
    `pending`, another click does nothing.

    Args:
        provider: The provider's id; may be a var. An unknown one stops the start.
        reauthenticate: Whether the provider asks for the password even if the user is signed in
            there.
        remember: Whether the cookie outlives the browser.
    """
    if isinstance(provider, str):
        _named_providers.add(provider)
    named, chosen = rx.Var.create(provider), rx.Var.create(remember)
    call = f"() => signInWith({named!s}, {json.dumps(reauthenticate)}, {chosen!s})"
    return rx.call_function(script(call, named, chosen, _imported("signInWith")))


def check_named(
    providers: Collection[str], fields: Collection[str], user: type[User] | None
) -> None:
    """Check that the app has every provider that its pages name, and clients every field.

    Args:
        providers: The ids of the app's providers.
        fields: What clients may change.
        user: The model of the public session's user, or None if that may have other fields.
    """
    unknown = sorted(_named_providers.difference(providers))
    if unknown:
        raise ConfigurationError(
            f"sign_in_with({unknown[0]!r}) names no provider of this app. It has: "
            f"{', '.join(sorted(providers))}."
        )
    for name, call in _named_fields.items():
        if name not in fields:
            raise ConfigurationError(
                f"{call} names no field that clients may change. These are: "
                f"{', '.join(sorted(fields))}. Add it to the model of Auth(update=...), or change "
                "it on the server by auth.update."
            )
    for name, call in _shown_fields.items():
        if user and name not in user.model_fields:
            raise ConfigurationError(
                f"{call} names no field of {user.__name__}. These are: "
                f"{', '.join(sorted(user.model_fields))}."
            )


class SessionLog(rx.Fragment):
    """Writes the session to the browser's console at load and after every change."""

    label: ClassVar[str] = "Client Side Rendering"

    def add_hooks(self) -> list[str | rx.Var[object]]:
        view = tab_var("view")
        call = f"useSessionLog({view!s}, {json.dumps(self.label)})"
        return [script(call, view, _imported("useSessionLog"))]


class SessionEffects(rx.Fragment):
    """Does what the server asks of the tab: cookies and navigation. It shows nothing."""

    def add_hooks(self) -> list[str | rx.Var[object]]:
        is_live = cast("rx.Var[bool]", rx.State.is_hydrated)
        effects = ("ticket", "redirect_url", "cookie_version", "reloads", "tab")
        names = (*effects, "event_error", "event_error_count")
        values: dict[str, rx.Var[object]] = {name: tab_var(name) for name in names}
        values["status"] = tab_var("view")["status"]
        arguments = ", ".join(f"{name}: {value!s}" for name, value in values.items())
        call = f"useSessionEffects({{ {arguments} }})"
        return [
            script(call, *values.values(), _imported("useSessionEffects")),
            script("useViolations()", imported("violations.js", "useViolations")),
            script(f"useEarlyInput({is_live!s})", is_live, imported("early.js", "useEarlyInput")),
        ]


@rx.memo
def session_effects() -> rx.Component:
    """Stand on every page, inside of the state that the hook needs."""
    effects: rx.Component = SessionEffects.create()
    return effects


class Calls(rx.Fragment):
    """Runs `rx.toast` and the like, which an event handler returns, without `eval`."""

    def add_hooks(self) -> list[str | rx.Var[object]]:
        return [script("useCalls()", imported("calls.js", "useCalls"))]


def add_effects(app: rx.App, *others: rx.Component, allow_eval: bool) -> None:
    """Put the components that act for the server on every page."""
    parts = others if allow_eval else (*others, Calls.create())
    app.extra_app_wraps[(3, "SessionEffects")] = lambda _: rx.fragment(session_effects(), *parts)
