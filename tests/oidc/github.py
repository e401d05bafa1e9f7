"""A small GitHub: its documented addresses, with the quirks that they have.

Answers are forms unless JSON is asked for, errors of the token's address come with status 200,
granted scopes are separated by commas, and who hides their e-mail address has none in the profile.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

Form = dict[str, str]
Fields = dict[str, Any]

OCTOCAT: Fields = {
    "id": 583231,
    "login": "octocat",
    "name": "The Octocat",
    "email": None,
    "avatar_url": "https://avatars.example/u/583231",
}
EMAILS = [
    {"email": "octocat@example.org", "primary": False, "verified": True, "visibility": None},
    {"email": "mona@example.org", "primary": True, "verified": True, "visibility": "private"},
]
JSON = "application/json; charset=utf-8"
PAGE = """<!DOCTYPE html><title>Authorize</title><h1>Authorize {client_id}</h1>
<form method="post"><button>Authorize</button></form>"""


@dataclass
class GitHub:
    """The server, and what it knows.

    Attributes:
        secret: The secret of the one app that it knows.
        profile: Who is signed in there.
        emails: Their addresses.
        takes_away: The scopes that its visitors don't grant.
        asked: What each code was asked for with.
        tokens: The scopes of each token.
    """

    secret: str
    client: str = "my_app"
    profile: Fields = field(default_factory=lambda: dict(OCTOCAT))
    emails: Any = field(default_factory=lambda: list(EMAILS))
    takes_away: frozenset[str] = frozenset()
    asked: dict[str, Form] = field(default_factory=dict)
    tokens: dict[str, list[str]] = field(default_factory=dict)

    @property
    def user_id(self) -> str:
        """What the app calls the one who is signed in there."""
        return f"{self.url}/login/oauth#{OCTOCAT['id']}"

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def behave(self) -> None:
        """Know the octocat as at the beginning."""
        self.profile, self.emails, self.takes_away = dict(OCTOCAT), list(EMAILS), frozenset()

    def authorize(self, query: Form) -> str:
        """Let the visitor's browser go back with a code."""
        code = secrets.token_hex(10)
        self.asked[code] = query
        answer = {"code": code, "state": query["state"], "iss": f"{self.url}/login/oauth"}
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def exchange(self, form: Form) -> Fields:
        asked = self.asked.pop(form.get("code", ""), None)
        if (form.get("client_id"), form.get("client_secret")) != (self.client, self.secret):
            return _error("incorrect_client_credentials", "The client_id and/or client_secret …")
        if asked is None or _challenge(form.get("code_verifier", "")) != asked["code_challenge"]:
            return _error("bad_verification_code", "The code passed is incorrect or expired.")
        if form.get("redirect_uri") != asked["redirect_uri"]:
            return _error("redirect_uri_mismatch", "The redirect_uri MUST match …")
        token = f"gho_{secrets.token_hex(18)}"
        self.tokens[token] = sorted(set(asked.get("scope", "").split()) - self.takes_away)
        scope = ",".join(self.tokens[token])
        return {"access_token": token, "scope": scope, "token_type": "bearer"}

    def look_up(self, path: str, token: str) -> tuple[int, Any]:
        scopes = self.tokens.get(token)
        if scopes is None:
            return 401, {"message": "Bad credentials", "status": "401"}
        if path == "/user":
            return 200, self.profile
        if path == "/user/emails" and "user:email" in scopes:
            return 200, self.emails
        return 404, {"message": "Not Found", "status": "404"}


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _error(code: str, description: str) -> Fields:
    return {"error": code, "error_description": description, "error_uri": "https://docs.example"}


def _handler_of(own: GitHub) -> type[Handler]:
    return type("OwnHandler", (Handler,), {"github": own})


class Handler(BaseHTTPRequestHandler):
    github: GitHub

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/login/oauth/authorize":
            self._answer(200, PAGE.format(client_id=self.github.client), "text/html")
        elif not self.headers.get("User-Agent"):
            self._answer(403, "Request forbidden by administrative rules.", "text/plain")
        else:
            token = self.headers.get("Authorization", "").removeprefix("Bearer ")
            status, said = self.github.look_up(path, token)
            self._answer(status, json.dumps(said), JSON)

    def do_POST(self) -> None:
        place = urlsplit(self.path)
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if place.path == "/login/oauth/authorize":
            self._answer(302, "", "text/html", self.github.authorize(read_form(place.query)))
            return
        said = self.github.exchange(read_form(form))
        if "application/json" in self.headers.get("Accept", ""):
            self._answer(200, json.dumps(said), JSON)
        else:
            self._answer(200, urlencode(said), "application/x-www-form-urlencoded")

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, status: int, body: str, kind: str, location: str = "") -> None:
        octets = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(octets)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(octets)


def read_form(form: str) -> Form:
    return {name: values[0] for name, values in parse_qs(form).items()}
