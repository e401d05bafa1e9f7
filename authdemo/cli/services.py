"""Checks of what an app needs while it runs, asked through the app if it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from authdemo.sessions import AuthError
from authdemo.sessions.providers import RedirectProvider

from .findings import Finding, error, ok, warning
from .operator import Failed, Operator

_SLOW_SECONDS = 0.1
_SKEW_WARNING, _SKEW_ERROR = 1.0, 30.0


def check_services(app: Operator) -> Iterator[Finding]:
    """Check store, database and mail, and compare their clocks with this machine's."""
    clocks: dict[str, float] = {}
    try:
        results = app.run_all({f"{subject}.check": {} for subject in _DESCRIBE})
    except Failed as why:
        yield error("store", why.message)
        return
    for (subject, describe), facts in zip(_DESCRIBE.items(), results, strict=True):
        if not isinstance(facts, Failed):
            yield from describe(facts)
            if facts.get("skew") is not None:
                clocks[subject] = facts["skew"]
        elif facts.reason != "command":  # an app without accounts has no database and no mail
            yield error(subject, facts.message)
    yield from _clock(clocks)


def _store(facts: Mapping[str, Any]) -> Iterator[Finding]:
    version = f" {facts['version']}" if "version" in facts else ""
    yield _timed("store", f"{facts['store']}{version} writes, reads and deletes", facts["seconds"])
    if facts.get("appends") is False:
        meaning = "Redis keeps no append-only file: a crash loses its last changes."
        yield warning("store", meaning, "Set appendonly yes, as the guide to deployment says.")
    if facts.get("evicts"):
        meaning = "Redis evicts keys when it is full, and their sessions end."
        yield warning("store", meaning, "Set maxmemory-policy noeviction.")


def _database(facts: Mapping[str, Any]) -> Iterator[Finding]:
    tables = f"{facts['database']} answers, with tables of revision {facts['revision']},"
    yield _timed("database", tables, facts["seconds"])


def _mail(facts: Mapping[str, Any]) -> Iterator[Finding]:
    if facts["transport"] == "outbox":
        meaning = f"AUTH_SMTP_URL is not set: mails are only written to {facts['place']}."
        yield warning("mail", meaning, "Set AUTH_SMTP_URL and AUTH_MAIL_FROM.")
    elif facts["transport"] == "smtp":
        yield _timed("mail", f"{facts['place']} answers EHLO", facts["seconds"])
    else:
        yield ok("mail", "The app's own transport carries mail; it is not checked.")
    if facts["transport"] != "outbox" and not facts["has_url"]:
        meaning = "Without AUTH_URL no mail with a link is sent: its host could be forged."
        yield error("mail", meaning, "Set AUTH_URL to the app's public origin.")


_DESCRIBE = {"store": _store, "database": _database, "mail": _mail}


def _timed(subject: str, what: str, seconds: float) -> Finding:
    meaning = f"{what} in {seconds * 1000:.0f} ms."
    if subject != "mail" and seconds > _SLOW_SECONDS:
        return warning(subject, meaning, "Look for load, a slow disk, or a long way to it.")
    return ok(subject, meaning)


def _clock(clocks: Mapping[str, float]) -> Iterator[Finding]:
    for name, skew in clocks.items():
        meaning = f"The clock of the {name} differs from this machine's by {abs(skew):.1f} s."
        advice = "Set both by NTP: tokens and limits depend on the time."
        if abs(skew) >= _SKEW_ERROR:
            yield error("clock", meaning, advice)
        elif abs(skew) >= _SKEW_WARNING:
            yield warning("clock", meaning, advice)
        else:
            yield ok("clock", meaning)
    if not clocks:
        yield ok("clock", "The store uses this machine's clock.")


def check_providers(providers: Mapping[str, object]) -> Iterator[Finding]:
    """Check that the metadata of each provider can be fetched."""
    for name, provider in providers.items():
        if isinstance(provider, RedirectProvider):
            try:
                found = asyncio.run(provider.discover())
            except AuthError as why:
                advice = "Check its issuer, and the way out of this machine."
                yield error(f"provider {name}", f"{provider.origin}: {why.message}", advice)
            else:
                whose = found.issuer or provider.origin
                yield ok(f"provider {name}", f"The endpoints of {whose} are known.")
