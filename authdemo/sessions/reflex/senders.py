"""What `auth` knows of the sender of a request or an event: origin, device, language, browser."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, TypeAlias

import reflex as rx
from starlette.requests import HTTPConnection

from ..core.awaiting import must_await
from ..core.locales import DEFAULT
from ..core.one_time import browser_hash
from ..core.record import Device
from ..http.context import RequestContext
from ..http.pages.render import language_of
from .install import ReflexEngine

Caller: TypeAlias = rx.State | HTTPConnection | MutableMapping[str, Any]
"""An event handler's `self`, or a request, a WebSocket or an ASGI scope."""


class Senders:
    """The part of `Auth` that describes senders."""

    engine: ReflexEngine

    def origin(self, caller: Caller) -> str:
        """Find the origin of the app's pages in the caller's browser: `https://app.example`."""
        sender = self.engine.sender(caller)
        return getattr(sender, "origin", "") or sender.base_url

    def device(self, caller: Caller) -> Device:
        """Describe the caller's browser, and its address."""
        return self.engine.sender(caller).device

    def language(self, caller: Caller) -> str:
        """Find the language that the app shows to the caller, like `en`."""
        sender = self.engine.sender(caller)
        if isinstance(sender, RequestContext):
            return language_of(sender.scope, self.engine.locales, sender.cookies)
        return sender.language

    def browser(self, caller: Caller) -> str:
        """Identify the caller's browser until its next sign-in or sign-out; may be empty."""
        sender = self.engine.sender(caller)
        if isinstance(sender, RequestContext):
            browser = self.engine.installation.contexts.browser_id(sender)
        else:
            browser = sender.browser
        return browser_hash(browser) if browser else ""

    def texts(self, language: str) -> Mapping[str, str]:
        """Return the texts of a language, by key; those of English if the app has no such one."""
        locales = self.engine.locales
        return locales.texts(language if language in locales.languages else DEFAULT)

    @must_await
    async def limit_mail(self, caller: Caller, address: str, kind: str = "") -> None:
        """Count a mail that a visitor requests, before anything is looked up.

        Each kind has a limit of its own, so that none can use up another's.

        Raises:
            TooManyAttempts: If there are too many from the visitor's network, or to the address.
        """
        await self.engine.mail_limit.take(kind, address, self.device(caller).ip)
