"""The way in: a session begins or somebody is turned away, and the browser is sent on."""

from __future__ import annotations

from urllib.parse import quote, unquote

from ...core import events as ev
from ...core.callbacks import own_url
from ...core.errors import AuthError
from ...setup.admission import Granted
from ...setup.auth import AuthCore
from ..messages import answers, cookies
from ..messages.answers import Answer
from ..messages.scopes import wants_page
from ..requests import Request
from ..visitors import Visitor, Visitors


class SigningIn:
    """Lets visitors in, or says why not."""

    def __init__(self, auth: AuthCore, visitors: Visitors) -> None:
        """Open the way in.

        Args:
            auth: The app's sessions.
            visitors: Hands cookies out.
        """
        self._auth = auth
        self._visitors = visitors

    async def admit(
        self,
        request: Request,
        visitor: Visitor,
        granted: Granted,
        wanted: str,
        *,
        as_json: bool = False,
    ) -> Answer:
        """Let somebody in who has proved who they are, unless the app sends them elsewhere.

        Args:
            request: The request.
            visitor: Who sends it.
            granted: Who they have proved to be.
            wanted: Where they want to go.
            as_json: Whether the answer is for a program that goes on by itself.

        Returns:
            The answer that sends them on.
        """
        if granted.redirect_to is not None:
            return redirect(
                request, await self._auth.redirect(granted.redirect_to, visitor.base_url)
            )
        record = await self._auth.sessions.sign_in(
            granted.user,
            granted.account,
            began=granted.began,
            device=visitor.device,
            replaces=visitor.record,
            provider_session=granted.provider_session,
        )
        answer = answers.personal({"url": wanted}) if as_json else redirect(request, wanted)
        self.remember(answer, visitor, wanted)
        self._visitors.put_session(answer.headers, visitor, record)
        browser = self._visitors.browser_after(visitor)
        self._visitors.put_csrf(answer.headers, visitor, record.id, browser=browser)
        if browser:
            self._auth.sessions.feed.publish(ev.BrowserSignedIn(browser))
        return answer

    def refuse(
        self, request: Request, visitor: Visitor, error: AuthError, wanted: str = ""
    ) -> Answer:
        """Turn somebody away: the sign-in page says why.

        A program that has to wait is told how long, which no redirect could say.

        Args:
            request: The request.
            visitor: Who sends it.
            error: Why.
            wanted: Where they want to go, if that isn't in the page's address already.

        Returns:
            The answer that sends them there.
        """
        further = _within(visitor.base_url, wanted)
        query = {"error": error.code, "code": error.reason, "callbackUrl": further}
        known = {name: value for name, value in query.items() if value}
        url = self._auth.sign_in_url(visitor.base_url, **known)
        is_to_wait = error.retry_after is not None and not wants_page(request.scope)
        if wants_json(request) or is_to_wait:
            return answers.refusal(error, {"url": url})
        return redirect(request, url)

    def remember(self, answer: Answer, visitor: Visitor, url: str) -> None:
        """Keep where the visitor went, as Auth.js does, for a sign-in that doesn't say.

        An address that no browser would keep is not remembered, nor the app's one before it.
        """
        names, value = visitor.names, quote(url, safe="")
        if len(value) <= cookies.LONGEST_VALUE:
            cookies.put(answer.headers, names.callback_url, value, secure=names.secure)
        elif self.remembered_url(visitor) is not None:
            cookies.clear(answer.headers, names.callback_url, secure=names.secure)

    def remembered_url(self, visitor: Visitor) -> str | None:
        """Tell where the visitor went the last time, if it is an address of the app."""
        values = visitor.cookies.get(visitor.names.callback_url, [])
        return next((url for url in map(unquote, values) if own_url(url, visitor.base_url)), None)


def wants_json(request: Request) -> bool:
    """Tell whether the sender is Auth.js's client, which follows redirects itself."""
    return request.header(b"x-auth-return-redirect") is not None


def redirect(request: Request, url: str) -> Answer:
    """Send the visitor on, the way the sender can follow.

    Args:
        request: The request.
        url: An absolute address.

    Returns:
        200 with `{"url"}` for Auth.js's client, 302 for everyone else.
    """
    if wants_json(request):
        return answers.personal({"url": url}).plus([answers.location(url)])
    return answers.redirect(url, 302)


def _within(base_url: str, url: str) -> str:
    """Name a page of the app by its path; the home page goes without saying."""
    path = url.removeprefix(base_url)
    if path in ("", "/"):
        return ""
    return path if path.startswith("/") else url
