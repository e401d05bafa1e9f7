"""Windows that run Auth.js's own client, as the tests see them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from authdemo.testing import wait_until
from tests.support import npm

FOLDER = Path(__file__).parent
LOCK = FOLDER / "package-lock.json"


def install_client() -> dict[str, str]:
    """Install the client of Auth.js, if need be; return Node's environment.

    Node compiles the client's many modules once, and not for each window.
    """
    compiled = FOLDER / "node_modules" / ".compiled"
    return npm.install(FOLDER) | {"NODE_COMPILE_CACHE": str(compiled)}


class Browser:
    """Windows with one cookie jar."""

    def __init__(self, url: str, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["node", "client.mjs", url],
            cwd=FOLDER,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._opened = 0

    def open(self, path: str = "/", provider: Any = None, hook: Any = None) -> Window:
        """Open a window; `SessionProvider` and `useSession` get what is given."""
        self._opened += 1
        window = Window(self, f"window {self._opened}")
        options = {"path": path, "provider": provider or {}, "hook": hook}
        window.first_view = self.tell(do="open", window=window.name, options=options)
        return window

    @property
    def cookies(self) -> dict[str, str]:
        cookies: dict[str, str] = self.tell(do="cookies")
        return cookies

    def requests(self, count: int) -> list[str]:
        """List the requests since the last call, once there are so many."""
        requests: list[str] = self.tell(do="requests", count=count)
        return requests

    def visit(self, url: str, form: dict[str, str] | None = None) -> tuple[str, str]:
        """Load a page, or send a form; return where that led, and the page that is there."""
        page = self.tell(do="visit", url=url, **({"form": form} if form else {}))
        return str(page["url"]), str(page["body"])

    def tell(self, **command: Any) -> Any:
        """Give a command, and return what came of it; undefined becomes a text."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, f"the client ended at {command}"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer.get("result", "undefined")

    def close(self) -> None:
        """Close all windows."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            assert self._process.wait(10) == 0
        finally:
            self._process.kill()


class Window:
    """One window; its methods are those of `next-auth/react`."""

    def __init__(self, browser: Browser, name: str) -> None:
        self.browser = browser
        self.name = name
        self.first_view: dict[str, Any] = {}

    def get_providers(self) -> Any:
        return self._do("getProviders")

    def get_session(self) -> Any:
        """Read the session without telling other windows about it."""
        return self._do("getSession", {"broadcast": False})

    def sign_in(self, user_id: str, password: str, **options: Any) -> Any:
        fields = {"id": user_id, "password": password, "redirect": False, **options}
        return self._do("signIn", "credentials", fields)

    def sign_in_with(self, provider: str, **options: Any) -> str:
        """Sign in at a provider elsewhere, and return where the client sent the window."""
        self._do("signIn", provider, options)
        return self.navigation()

    def sign_in_without_leaving(self, provider: str, **options: Any) -> Any:
        """Sign in at a provider, and return what the client answers."""
        return self._do("signIn", provider, {"redirect": False, **options})

    def sign_out(self, **options: Any) -> Any:
        return self._do("signOut", {"redirect": False, **options})

    def update(self, *data: Any) -> Any:
        return self._do("update", *data)

    def expect_session(self, status: str, **user: Any) -> dict[str, Any]:
        """Wait until `useSession` says so, and return all that it says."""
        session = {"session": {"user": user}} if user else {}
        view: dict[str, Any] = self._do("shows", {"status": status, **session})
        return view

    def oauth_callback(self) -> None:
        """Make the window visible, as when its tab is clicked."""
        self._do("comeBack")

    def navigations(self) -> list[str]:
        """List where the client sent the window since the last call."""
        urls: list[str] = self._do("navigations")
        return urls

    def navigation(self) -> str:
        """Wait until the client has sent the window somewhere, and return where."""
        urls: list[str] = []

        def is_sent() -> bool:
            urls.extend(self.navigations())
            return bool(urls)

        wait_until(is_sent)
        (url,) = urls
        return url

    def printed(self) -> list[str]:
        """List what the client wrote to the console since the last call."""
        lines: list[str] = self._do("printed")
        return lines

    def _do(self, action: str, *args: Any) -> Any:
        return self.browser.tell(window=self.name, do=action, args=args)
