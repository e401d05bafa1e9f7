"""Whether the server held: judged by its answer and by the record, not by hope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from authdemo.sessions.core.record import HistoryEntry, SessionRecord

_OK = 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """What came of an experiment."""

    status: int
    body: Any
    cookies: tuple[str, ...]
    session_cookie: str
    shown_rev: int | None
    rev_before: int
    mark: str
    record: SessionRecord | None
    history: Sequence[HistoryEntry]
    public: Any

    @property
    def is_unharmed(self) -> bool:
        """Whether the session lives, and nothing of the attack is in it or in the answer."""
        if self.record is None:
            return False
        steps = [step.model_dump() for step in self.history]
        found = str((self.record.user, self.record.claims, steps))
        return self.mark not in found


Verdict: TypeAlias = Callable[[Evidence], bool]


def accepted(evidence: Evidence) -> bool:
    """A good request is answered with the session as it is."""
    return evidence.is_unharmed and evidence.status == _OK and _is_same(evidence)


def nobody(evidence: Evidence) -> bool:
    """A forged token is nobody's, and the cookie is taken back."""
    answer = evidence.status, evidence.body, evidence.session_cookie in evidence.cookies
    return evidence.is_unharmed and answer == (_OK, None, False)


def brought_up_to_date(evidence: Evidence) -> bool:
    """An old cookie is honoured for who it is: newest data, and a cookie that shows it."""
    return accepted(evidence) and (evidence.shown_rev or 0) >= evidence.rev_before


def refused(status: int, code: str) -> Verdict:
    """Expect a refusal."""

    def is_refused(evidence: Evidence) -> bool:
        said = evidence.body.get("code") if isinstance(evidence.body, dict) else None
        return evidence.is_unharmed and (evidence.status, said) == (status, code)

    return is_refused


def _is_same(evidence: Evidence) -> bool:
    """Compare who is shown and how; meanwhile another tab may have moved the session on."""
    body, public = evidence.body, evidence.public
    if not isinstance(body, dict) or evidence.mark in str(body):
        return False
    if evidence.rev_before <= body["rev"] < public["rev"]:
        return True
    return bool(body["rev"] == public["rev"] and body["user"] == public["user"])
