"""Runs a command in the running app, or in this process if there is none."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from socket import create_connection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
import httpx
from pydantic_core import to_json

if TYPE_CHECKING:
    from authdemo.sessions import Auth, AuthError, SessionsPlugin, Settings

_PATH = "/api/auth/operator"
_TIMEOUT = 30
_CONNECT_TIMEOUT = 2
_HOSTS = (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]"))


class Failed(click.ClickException):
    """A command that could not be done, and why; programs get its `code` and `reason`."""

    def __init__(self, message: str, code: str = "Failed", reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason

    @classmethod
    def of(cls, error: AuthError) -> Failed:
        """Make one of an error of the package."""
        return cls(error.message, error.code, error.reason)

    def as_json(self) -> str:
        """Write the error for programs."""
        return json.dumps({"message": self.message, "code": self.code, "reason": self.reason})


@dataclass(frozen=True)
class Operator:
    """Where an app is.

    Attributes:
        url: The address of the running app; by default its data folder says that.
        auth: The place of its `Auth`; by default `rxconfig.py` says that.
    """

    url: str = ""
    auth: str = ""

    def run(self, command: str, **arguments: Any) -> Any:
        """Run a command of the app."""
        (result,) = self.run_all({command: arguments})
        if isinstance(result, Failed):
            raise result
        return result

    def run_all(self, orders: Mapping[str, Mapping[str, Any]]) -> list[Any]:
        """Run some commands, each with its arguments; one that fails has its `Failed` as result."""
        settings = _settings()
        url = self._find(settings)
        if url:
            return [_order(url, settings, *order) for order in orders.items()]
        return asyncio.run(self._run_here(settings, orders))

    def find_port(self) -> int | None:
        """Find the port of the running app, if one runs."""
        return urlsplit(self._find(_settings())).port

    def _find(self, settings: Settings) -> str:
        return _checked(self.url) if self.url else _running(settings.data_dir)

    def load(self) -> tuple[SessionsPlugin, Auth[Any]]:
        """Import the app; what it prints meanwhile is no output of the command."""
        from authdemo.sessions import ConfigurationError

        try:
            with redirect_stdout(sys.stderr):
                plugin = self._plugin()
                return plugin, plugin.auth()
        except SystemExit as why:  # of what can't be used, in one line
            raise Failed(str(why).removeprefix("error: ")) from None
        except ConfigurationError as error:
            raise Failed.of(error) from error

    def _plugin(self) -> SessionsPlugin:
        from authdemo.sessions import SessionsPlugin
        from authdemo.sessions.reflex.compat import get_config

        plugins = get_config().plugins
        if self.auth:
            return SessionsPlugin(self.auth)
        found = [each for each in plugins if isinstance(each, SessionsPlugin)]
        if not found:
            raise Failed(
                "There is no rxconfig.py with a SessionsPlugin in this folder. Go to the app's "
                'folder, or name its Auth: --auth "my_app.auth:auth".'
            )
        return found[0]

    async def _run_here(
        self, settings: Settings, orders: Mapping[str, Mapping[str, Any]]
    ) -> list[Any]:
        from authdemo.sessions import AuthError, ConfigurationError

        async def run(command: str, arguments: Mapping[str, Any]) -> Any:
            try:
                return json.loads(to_json(await auth.commands.run(command, arguments)))
            except AuthError as error:
                return Failed.of(error)

        _check_owner(settings.data_dir)
        _, auth = self.load()
        try:
            async with auth.engine.running():
                return [await run(*order) for order in orders.items()]
        except ConfigurationError as error:
            raise Failed(f"{error.message} If that is the app, name its address: --url.") from error


def _settings() -> Settings:
    from authdemo.sessions import ConfigurationError, Settings

    try:
        return Settings.from_environ(keep_secret=False)
    except ConfigurationError as error:
        raise Failed.of(error) from error


def _checked(url: str) -> str:
    """Check that an address is this machine's, since the operator's tokens go nowhere else."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_here = (host == "localhost" or ip_address(host).is_loopback) and parts.port != 0
    except ValueError:
        is_here = False
    if not is_here or parts.scheme not in ("http", "https"):
        raise click.UsageError("--url takes a loopback address like http://127.0.0.1:3000.")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _running(data_dir: Path) -> str:
    """Find the address at which an app listens that the data folder names; empty if none does."""
    from authdemo.sessions.core.operator import SERVER_FILE

    path = data_dir / SERVER_FILE
    try:
        server = json.loads(path.read_text("utf-8"))
        pid, port = int(server["pid"]), int(server["port"])
    except FileNotFoundError:
        return ""
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Failed(f"{path} can't be read ({error}). Run this as the user of the app.") from error
    hosts = _HOSTS if _is_alive(pid) else ()
    return next((f"http://{url}:{port}" for host, url in hosts if _listens(host, port)), "")


def _listens(host: str, port: int) -> bool:
    with suppress(OSError), create_connection((host, port), timeout=_CONNECT_TIMEOUT):
        return True
    return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _order(url: str, settings: Settings, command: str, arguments: Mapping[str, Any]) -> Any:
    from authdemo.sessions.core.operator import OperatorTokens

    token = OperatorTokens(settings.keys, clock=time.time).issue(command, arguments)
    response = _post(url, token)
    body = _body(response)
    if response.status_code == HTTPStatus.OK and "result" in body:
        return body["result"]
    message = str(body.get("message") or f"status {response.status_code}")
    if response.status_code == HTTPStatus.NOT_FOUND:
        raise Failed(f"The app at {url} takes no commands: is it another one, or AUTH_ADMIN=0?")
    if response.status_code == HTTPStatus.UNAUTHORIZED:
        raise Failed(
            f"The app at {url} rejects the command: {message} "
            "Set AUTH_SECRET and AUTH_DATA_DIR as for the app."
        )
    return Failed(message, str(body.get("code", "Failed")), str(body.get("reason", "")))


def _post(url: str, token: str) -> httpx.Response:
    try:
        with httpx.Client(timeout=_TIMEOUT, trust_env=False) as http:
            return http.post(url + _PATH, json={"token": token})
    except httpx.HTTPError as error:
        raise Failed(f"The app at {url} does not answer ({error}).") from error


def _body(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _check_owner(data_dir: Path) -> None:
    """Check that files which this process makes are the app's."""
    if data_dir.exists() and data_dir.stat().st_uid != os.geteuid():
        raise Failed(f"{data_dir} belongs to another user. Run this as the user of the app.")
