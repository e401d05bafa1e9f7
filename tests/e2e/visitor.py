"""A visitor with a browser: what they do, and what they see."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, WebSocket, expect

from authdemo.testing import wait_until
from authdemo.testing.browser import AS_CLIENT
from authdemo.testing.thread import TIMEOUT
from tests.browser import new_context

SESSION = "[data-testid=server-session], [data-testid=client-session]"
# What Chromium itself writes about an answer that the page handles.
HANDLED = "Failed to load resource: the server responded with a status of 422"
# And when a page is left before its socket is open.
LEFT = "WebSocket is closed before the connection is established."
CONNECTED = "sessionStorage.getItem('token') !== null && window.early?.isLive !== false"


@dataclass
class Visitor:
    """One browser profile with its cookie jar, and all that its tabs said and received."""

    context: BrowserContext
    url: str
    complaints: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    tolerated: list[re.Pattern[str]] = field(default_factory=list)

    @classmethod
    @contextlib.contextmanager
    def with_own_browser(
        cls, browser: Browser, url: str, locale: str = "en-US"
    ) -> Iterator[Visitor]:
        with new_context(browser, locale=locale) as context:
            context.set_default_timeout(TIMEOUT * 1000)
            yield cls(context, url)

    def open(self, path: str) -> Page:
        tab = self.context.new_page()
        tab.on("console", self._heard)
        tab.on("pageerror", lambda error: self.complaints.append(str(error)))
        tab.on("websocket", self._listen)
        tab.goto(self.url + path)
        return tab

    def log_in(
        self,
        tab: Page,
        account: str = "john_doe",
        password: str = "tutorial",
        button: str = "Log In",
    ) -> None:
        tab.locator("[name=id]").fill(account)
        tab.locator("[name=password]").fill(password)
        tab.get_by_role("button", name=button, exact=True).click()

    def sign_in(self, account: str = "john_doe") -> None:
        """Sign in without the form, again if a change of an earlier test voids the first time."""
        request, api = self.context.request, f"{self.url}/api/auth"
        token = request.get(f"{api}/csrf").json()["csrfToken"]
        form = {"csrfToken": token, "id": account, "password": "tutorial"}

        def signs_in() -> bool:
            answer = request.post(f"{api}/callback/credentials", form=form, headers=AS_CLIENT)
            assert answer.ok or answer.json()["code"] == "SignInOutdated", answer.text()
            return answer.ok

        wait_until(signs_in)

    def sign_out(self) -> None:
        """End the session, if there is one."""
        request, api = self.context.request, f"{self.url}/api/auth"
        form = {"csrfToken": request.get(f"{api}/csrf").json()["csrfToken"]}
        assert request.post(f"{api}/signout", form=form, headers=AS_CLIENT).ok

    def logged_in(self, path: str = "/", account: str = "john_doe") -> Page:
        """Sign in without the form, and open a page."""
        self.sign_in(account)
        tab = self.open(path)
        self.is_live(tab)
        return tab

    def keep(self, cookies: dict[str, str]) -> None:
        """Take the cookies of a user who signed in without a browser."""
        self.context.add_cookies(
            [{"name": name, "value": cookies[name], "url": self.url} for name in cookies]
        )

    def is_live(self, tab: Page) -> None:
        """Wait until the tab hears from the server."""
        is_connected(tab)
        expect(field_of(tab, "name")).not_to_be_empty()

    def cookie(self) -> str:
        cookies = self.context.cookies()
        return next(c.get("value", "") for c in cookies if c.get("name") == "authjs.session-token")

    def tolerates(self, complaint: re.Pattern[str]) -> None:
        """Expect the browser to complain of what the test does to it."""
        self.tolerated.append(complaint)

    def saw_no_complaint(self) -> None:
        complaints = [
            complaint
            for complaint in self.complaints
            if not any(pattern.search(complaint) for pattern in self.tolerated)
        ]
        assert not complaints, complaints

    def _heard(self, message: ConsoleMessage) -> None:
        self.console.append(message.text)
        is_usual = message.text.startswith(HANDLED) or message.text.endswith(LEFT)
        if message.type in ("error", "warning") and not is_usual:
            where = message.location["url"]
            self.complaints.append(f"{message.type} at {where}: {message.text}")

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.frames.append(str(frame)))
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))


def field_of(tab: Page, name: str):
    return tab.locator(SESSION).locator(f"[data-field={name}]")


def click(tab: Page, button: str) -> None:
    tab.get_by_role("button", name=button, exact=True).click()


def is_connected(tab: Page) -> None:
    """Wait until the page has its socket, and its forms are no plain ones any more."""
    wait_until(lambda: tab.evaluate(CONNECTED))


@contextlib.contextmanager
def loaded(visitor: Visitor, tab: Page, path: str) -> Iterator[None]:
    """Load a page into a tab that has shown others; Reflex takes it for a new tab."""
    response = tab.goto(visitor.url + path)
    if response and response.ok:
        is_connected(tab)
    yield
    tab.evaluate("sessionStorage.clear()")
