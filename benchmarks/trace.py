"""Lists the files of the package that one request passes through: `python -m benchmarks.trace`.

The app of `examples/minimal` runs in this process, and each request is traced once it is warm.
Only functions that the request itself calls are counted, on the event loop and on the writer's
thread.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from authdemo.sessions import User
from authdemo.testing import Browser, RunningApp, running_app

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = f"{ROOT / 'authdemo' / 'sessions'}{os.sep}"
EXAMPLE = ROOT / "examples" / "minimal"
ADA = User(id="ada", name="Ada Lovelace")


class Trace:
    """Counts the calls of the package's functions in all threads while it is on.

    Attributes:
        calls: How often each function was called, by file and name.
    """

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._is_on = False

    @property
    def files(self) -> list[str]:
        """The files with a function that was called, relative to the package."""
        return sorted({file for file, _ in self.calls})

    @contextmanager
    def on(self) -> Iterator[None]:
        """Count what is called meanwhile, and nothing from before."""
        self.calls.clear()
        self._is_on = True
        try:
            yield
        finally:
            self._is_on = False

    def profile(self, frame: FrameType, event: str, _: object) -> None:
        """Count one call, as `threading.setprofile` reports it."""
        code = frame.f_code
        if self._is_on and event == "call" and code.co_filename.startswith(PACKAGE):
            self.calls[code.co_filename.removeprefix(PACKAGE), code.co_qualname] += 1


def read(browser: Browser, _token: str, _name: str) -> None:
    """Read the session."""
    browser.get("/api/auth/session").raise_for_status()


def update(browser: Browser, token: str, name: str) -> None:
    """Change the name."""
    form = {"csrfToken": token, "data": {"name": name}}
    browser.post("/api/auth/session", json=form).raise_for_status()


MAX_FILES = {read: 12, update: 20}
"""How many files each request may pass through, so that a newcomer can follow it."""


def trace(
    request: Callable[[Browser, str, str], None], app: RunningApp, traced: Trace
) -> list[str]:
    """List the files that a request passes through when it comes for the third time."""
    browser = app.login_as(ADA)
    token = browser.csrf()
    for name in ("Ada", "Countess"):
        request(browser, token, name)
    with traced.on():
        request(browser, token, "Ada Lovelace")
    return traced.files


@contextmanager
def running() -> Iterator[tuple[RunningApp, Trace]]:
    """Run the example, with a profiler on all threads that it starts."""
    traced = Trace()
    sys.path.insert(0, str(EXAMPLE))
    threading.setprofile(traced.profile)
    try:
        with tempfile.TemporaryDirectory() as data:
            os.environ |= {
                "AUTH_DATA_DIR": data,
                "AUTH_SECRET": secrets.token_hex(),
                "REFLEX_BACKEND_ONLY": "true",
            }
            with running_app(EXAMPLE) as app:
                yield app, traced
    finally:
        threading.setprofile(None)


def main() -> None:
    """Print the path of a read and of an update, and fail if one is too long."""
    too_long = []
    with running() as (app, traced):
        for request, limit in MAX_FILES.items():
            files = trace(request, app, traced)
            calls = traced.calls
            counts = f"{len(files)} files, {len(calls)} functions, {calls.total()} calls"
            print(f"{request.__name__}: {counts}")
            for file in files:
                own = sorted(name for path, name in calls if path == file)
                print(f"  {file}: {', '.join(own)}")
            if len(files) > limit:
                too_long.append(f"{request.__name__}: {len(files)} files, at most {limit} allowed")
    sys.exit("\n".join(too_long) or None)


if __name__ == "__main__":
    main()
