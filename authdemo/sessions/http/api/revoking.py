"""Which of a user's sessions a client wants ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.basics.ids import public_id
from ...core.errors import NotFound
from ...core.lifecycle.sessions import Sessions
from ...core.record import Device, SessionRecord
from ..messages.errors import BodyRefused

_IN_FORMS = {"true": True, "false": False}


async def end(
    sessions: Sessions,
    current: SessionRecord,
    body: Mapping[str, Any],
    *,
    device: Device,
    is_form: bool,
) -> None:
    """End what is asked for of a user's sessions: all, all but the one that asks, or one.

    Args:
        sessions: The app's sessions.
        current: The one that asks.
        body: What was sent: `all`, `others`, or an `id` of the list.
        device: What it was sent with.
        is_form: Whether it came as a form, which says `true` as text.

    Raises:
        BodyRefused: If it isn't clear which; names the field.
        NotFound: If the user has no session of that id.
    """
    are_all = _is_chosen(body, "all", is_form=is_form)
    are_others = _is_chosen(body, "others", is_form=is_form)
    if are_all:
        await sessions.revoke_user(current.user_id, device=device)
    elif are_others:
        await sessions.revoke_user(current.user_id, but=current.id, device=device)
    else:
        await sessions.revoke(await _own(sessions, current.user_id, body.get("id")), device=device)


def _is_chosen(body: Mapping[str, Any], name: str, *, is_form: bool) -> bool:
    value = body.get(name)
    flag = _IN_FORMS.get(value, value) if is_form and isinstance(value, str) else value
    if not isinstance(flag, bool | None):
        raise BodyRefused(f"The field {name!r} must be true.", 422, field=name)
    return bool(flag)


async def _own(sessions: Sessions, user_id: str, chosen: object) -> str:
    """Find the session that has a name in the list."""
    if not isinstance(chosen, str):
        which = "The field 'id' must be text, or else 'others' or 'all' must be true."
        raise BodyRefused(which, 422, field="id")
    own = {public_id(record.id): record.id for record in await sessions.of_user(user_id)}
    if chosen not in own:
        raise NotFound("You have no such session.", reason="session")
    return own[chosen]
