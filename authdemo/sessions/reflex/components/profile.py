"""The client's update as a form: shown at once, and undone with the reason when it is rejected."""

from __future__ import annotations

import json
from dataclasses import dataclass

import reflex as rx
from reflex.event import EventSpec
from reflex.vars import ArrayVar, BooleanVar, NumberVar, ObjectVar, VarData

from ...core.errors import ErrorDict
from .assets import hook, imported, script, var
from .session import tab_var, use_session


@dataclass(frozen=True)
class Profile:
    """A form for fields of the user, as vars and handlers for its elements.

    Attributes:
        is_edited: Whether a field differs from the session.
        pending: Whether the update is on its way.
        is_conflict: Whether an edited field has changed in the session meanwhile.
        conflicts: The edited fields, each with `name`, `theirs` and `mine`.
        error: Why the update was rejected, for `explain`; empty if one field is to blame.
        saved: How often the form was saved.
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
