"""The client's update as a form: shown at once, taken back with the reason when it is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import reflex as rx
from reflex.vars import VarData

from .assets import imported, var
from .session import use_session, view_of_tab


@dataclass(frozen=True)
class Profile:
    """A form for fields of the user."""

    is_edited: Any
    pending: Any
    is_conflict: Any
    conflicts: Any
    error: Any
    saved: Any
    submit: Any
    keep_theirs: Any
    save_mine: Any
    _data: VarData | None

    def field(self, name: str) -> dict[str, Any]:
        """Tie an input to a field."""
        return {
            "name": name,
            "value": var(f"profile.values.{name}", str, self._data),
            "onChange": var("profile.change", Any, self._data),
            "aria-invalid": var(f"Boolean(profile.errors.{name})", bool, self._data),
            "aria-describedby": f"{name}-error",
        }

    def field_error(self, name: str) -> Any:
        """Tell why a field was refused."""
        return var(f"profile.errors.{name}", dict[str, Any], self._data)


def use_profile(*names: str) -> Profile:
    """Use a form for some of the user's fields; a tab has one.

    Args:
        *names: The fields, which a client may change.

    Returns:
        Vars and handlers for its elements.
    """
    view, viewed = view_of_tab()
    hook = VarData(hooks={f"const profile = useProfile({view}, {json.dumps(names)})": None})
    script = imported("profile.js", "useProfile")
    data = VarData.merge(viewed, script, hook)

    def call(function: str) -> Any:
        return rx.call_function(var(f"() => profile.{function}()", Any, data))

    return Profile(
        is_edited=var("profile.isEdited", bool, data),
        pending=use_session().pending,
        is_conflict=var("profile.isConflict", bool, data),
        conflicts=var("profile.conflicts", list[dict[str, str]], data),
        error=var("profile.error", dict[str, Any], data),
        saved=var("profile.saved", int, data),
        submit=call("submit"),
        keep_theirs=call("keepTheirs"),
        save_mine=call("saveMine"),
        _data=data,
    )
