"""All of a user's sessions, as each of their inspecting tabs sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import reflex as rx

from ...core.basics.ids import public_id
from ...core.record import MAX_HISTORY, Device, Revision, SessionRecord
from ...stores.presence import Tabs
from .clients import client_of

NOTHING: dict[str, list[dict[str, Any]]] = {"sessions": [], "steps": []}


class OverviewState(rx.State):
    """What one tab shows of its user's sessions; only this package writes here.

    Attributes:
        sessions: The sessions, the newest first.
        steps: What happened to them, the newest first.
    """

    sessions: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)
    steps: rx.Field[list[dict[str, Any]]] = rx.field(default_factory=list)


def overview(
    lives: Iterable[tuple[SessionRecord, Iterable[Revision]]], current: str, tabs: Tabs
) -> dict[str, list[dict[str, Any]]]:
    """Show sessions to their user.

    Args:
        lives: The user's sessions, the newest first, each with its history.
        current: The id of the session that looks.
        tabs: The open tabs, by session id.

    Returns:
        `sessions` and `steps`; neither holds an id or a token that opens anything.
    """
    sessions: list[dict[str, Any]] = []
    own: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for record, history in lives:
        is_current = record.id == current
        sessions.append(_session(record, tabs.get(record.id, []), is_current=is_current))
        steps = [_step(record, step, is_current=is_current) for step in history]
        (own if is_current else others).extend(steps)
    others.sort(key=_age)
    return {"sessions": sessions, "steps": sorted(own + others[:MAX_HISTORY], key=_age)}


def _session(record: SessionRecord, tabs: list[str], *, is_current: bool) -> dict[str, Any]:
    return {
        "id": public_id(record.id),
        "current": is_current,
        "created": record.created,
        "last_seen": record.last_seen,
        "expires": record.expires,
        "rev": record.rev,
        "provider": record.provider,
        **_client(record.device),
        "tabs": sorted(tabs),
    }


def _step(record: SessionRecord, step: Revision, *, is_current: bool) -> dict[str, Any]:
    changes = [
        {"field": name, "old": change.old, "new": change.new}
        for name, change in step.changes.items()
    ]
    return {
        "key": f"{public_id(record.id)[:8]}-{step.rev}-{step.at:.6f}",
        "session": public_id(record.id),
        "current": is_current,
        "rev": step.rev,
        "at": step.at,
        "cause": step.cause,
        "tab": step.tab,
        **_client(step.device or record.device),
        "changes": changes,
    }


def _client(device: Device) -> dict[str, str]:
    client = client_of(device.user_agent)
    return {"browser": client.browser, "system": client.system, "ip": device.ip}


def _age(step: Mapping[str, Any]) -> float:
    return -float(step["at"])
