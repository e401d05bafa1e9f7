"""`authdemo doctor`: what is missing or weak in an app's configuration, and what doesn't answer."""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from .findings import Finding, error, ok
from .operator import Failed, Operator
from .options import for_app
from .output import console, printable, write_json

if TYPE_CHECKING:
    from authdemo.sessions import Auth, SessionsPlugin, Settings

_STYLES = {"ok": "green", "warning": "yellow", "error": "bold red"}


@click.command()
@for_app
def doctor(app: Operator, *, is_json: bool) -> None:
    """Report what is missing or weak in the configuration, and what doesn't answer.

    It reads the configuration as the app does. It ends with status 1 if there is an error.
    """
    found = [*diagnose(app)]
    if is_json:
        write_json([each.as_dict() for each in found])
    else:
        _show(found)
    if any(each.level == "error" for each in found):
        sys.exit(1)


def diagnose(app: Operator) -> Iterator[Finding]:
    """Check the configuration first, then what it names."""
    from authdemo.sessions import ConfigurationError, Settings

    from . import checks

    environ = dict(os.environ)
    try:
        settings = Settings.from_environ(environ, keep_secret=False)
    except ConfigurationError as why:
        yield error("variables", why.message, "Correct it first: nothing else is checked.")
        return
    loaded = _load(app, settings)
    if isinstance(loaded, Finding):
        yield loaded
    else:
        yield ok("configuration", "The app's Auth is found, and can be imported.")
    keeps_secret = not isinstance(loaded, Finding) and loaded[0].keep_secret
    yield from checks.check_secret(settings, environ, keep_secret=keeps_secret)
    yield from checks.check_keys(environ)
    for check in (checks.check_data, checks.check_url, checks.check_proxies, checks.check_redis):
        yield from check(settings)
    yield from checks.check_variables(environ)
    if not isinstance(loaded, Finding):
        plugin, auth = loaded
        yield from checks.check_policy(plugin.policy)
        yield from checks.check_cookies(auth.engine.cookies, settings)
        yield from _check_services(app, auth, settings)


def _load(app: Operator, settings: Settings) -> tuple[SessionsPlugin, Auth[Any]] | Finding:
    """Import the app, which must not keep a new secret because of that."""
    if settings.has_generated_secret and not (settings.data_dir / "secret").exists():
        os.environ["AUTH_SECRET"] = secrets.token_urlsafe()
    try:
        return app.load()
    except Failed as why:
        return error("configuration", why.message)
    except Exception as why:  # noqa: BLE001 - of the app's own code
        meaning = f"The app can't be imported: {type(why).__name__}: {why}"
        return error("configuration", " ".join(meaning.split()))


def _check_services(app: Operator, auth: Auth[Any], settings: Settings) -> Iterator[Finding]:
    from . import services

    if app.url or settings.redis_url or settings.data_dir.exists():
        yield from services.check_services(app)
    yield from services.check_providers(auth.providers)


def _show(found: list[Finding]) -> None:
    out = console()
    for each in found:
        subject, meaning = printable(each.subject), printable(each.meaning)
        level = (f"{each.level:<8}", _STYLES[each.level])
        line = Text.assemble(level, (f"{subject}: ", "bold"), meaning)
        out.print(line, soft_wrap=not out.is_terminal)
        if each.advice:
            out.print(Text(f"{'':<8}{printable(each.advice)}"))
    count = Counter(each.level for each in found)
    out.print(Text(f"Errors: {count['error']}, warnings: {count['warning']}.", "bold"))
