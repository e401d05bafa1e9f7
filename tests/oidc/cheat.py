"""An OpenID provider that behaves as each test configures it, right or wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

Claims = dict[str, Any]
Form = dict[str, str]
CLIENT = "my_app"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass
class Cheat:
    """The provider, and how it cheats.

    Attributes:
        port: Where it listens.
        change: Changes the claims of the next id tokens.
        sign: Signs the next tokens in another way.
        key: What signs otherwise.
        kid: The name of that key.
        published: The keys that it shows, by name.
        metadata: What it says of itself beside the truth.
        userinfo: The subject of its userinfo.
        profile: What its userinfo says beside that.
        answers: What its visitors come back with beside code and state.
        back: Where its visitors come back to, if not where they were to.
        nonces: The nonce of each code.
        challenges: The proof key that each code asks for (RFC 7636).
        is_careless: Whether it gives what a code stands for without that proof.
        asked: The paths that the app has asked for.
        is_down: Whether it answers nothing.
        lifetime: How long an access token lives; None: it doesn't say, and gives no refresh token.
        rotates: Whether each refresh token is valid once; a second use revokes the grant.
        grant: What its next answers with tokens hold beside the truth.
        refresh_tokens: The refresh tokens that are valid.
        issued: How many access tokens it has issued.
        on_refresh: Is called while a refresh is on its way.
    """

    port: int = 0
    change: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[[Claims, Cheat], str] | None = None
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    kid: str = "first"
    published: dict[str, Any] = field(default_factory=dict)
    metadata: Claims = field(default_factory=dict)
    userinfo: str = "eve"
    profile: Claims = field(default_factory=dict)
    answers: Form = field(default_factory=dict)
    back: str = ""
    nonces: dict[str, str] = field(default_factory=dict)
    challenges: dict[str, str] = field(default_factory=dict)
    is_careless: bool = False
    asked: list[str] = field(default_factory=list)
    is_down: bool = False
    lifetime: int | None = None
    rotates: bool = False
    grant: Claims = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    issued: int = 0
    on_refresh: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler_of(self))
        self.port = self._server.server_port
        self.published = {self.kid: self.key}
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def behave(self) -> None:
        """Be honest again."""
        self.change, self.sign, self.metadata = (lambda claims: claims), None, {}
        self.userinfo, self.answers, self.profile = "eve", {}, {}
        self.is_down, self.is_careless, self.back = False, False, ""
        self.lifetime, self.rotates, self.grant = None, False, {}

    def rotate(self, kid: str, *, published: bool = True) -> None:
        """Sign with a new key."""
        self.key, self.kid = ec.generate_private_key(ec.SECP256R1()), kid
        if published:
            self.published = {kid: self.key}

    def about(self) -> Claims:
        paths = ("authorization", "token", "userinfo", "end_session")
        endpoints = {f"{path}_endpoint": f"{self.issuer}/{path}" for path in paths}
        fixed = {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks"}
        signs = {"id_token_signing_alg_values_supported": ["ES256"]}
        return {**endpoints, **fixed, **signs, **self.metadata}

    def keys(self) -> Claims:
        return {
            "keys": [
                {**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig"}
                for kid, key in self.published.items()
            ]
        }

    def authorize(self, query: Form) -> str:
        """Let the visitor's browser go back with a code, without asking anything."""
        code = f"code-{query['state']}"
        self.nonces[code], self.challenges[code] = query["nonce"], query["code_challenge"]
        answer = {"code": code, "state": query["state"], **self.answers}
        return f"{self.back or query['redirect_uri']}?{urlencode(answer)}"

    def id_token(self, code: str) -> str:
        now = int(time.time())
        claims = self.change(
            {
                "iss": self.issuer,
                "sub": "eve",
                "aud": CLIENT,
                "iat": now,
                "exp": now + 60,
                "nonce": self.nonces[code],
                "name": "Eve of the Provider",
                "email": "eve@example.org",
            }
        )
        if self.sign is not None:
            return self.sign(claims, self)
        return jwt.encode(claims, self.key, "ES256", headers={"kid": self.kid})

    def logout_token(self, **changes: Any) -> str:
        """Say that Eve has signed out, or something like it; None leaves a claim out."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "eve",
            "iat": now,
            "exp": now + 60,
            "jti": f"logout {now}",
            "events": {LOGOUT: {}},
            **changes,
        }
        claims = {name: value for name, value in said.items() if value is not None}
        if self.sign is not None:
            return self.sign(claims, self)
        return jwt.encode(claims, self.key, "ES256", headers={"kid": self.kid})

    def answer(self, path: str, form: dict[str, str]) -> Claims | None:
        self.asked.append(path)
        if self.is_down:
            return None
        if form.get("grant_type") == "refresh_token":
            return self.refresh(form["refresh_token"])
        if path == "/token":
            if not self.is_careless and not self._is_proved(form):
                return {"error": "invalid_grant"}
            return {
                "id_token": self.id_token(form["code"]),
                **self.new_tokens(),
            }
        answers = {
            "/.well-known/openid-configuration": self.about,
            "/jwks": self.keys,
            "/userinfo": lambda: {"sub": self.userinfo, "name": "Eve from Userinfo"} | self.profile,
        }
        return answers[path]() if path in answers else None

    def new_tokens(self) -> Claims:
        self.issued += 1
        tokens = {"access_token": f"access-{self.issued}", "token_type": "Bearer"}
        if self.lifetime is None:
            return {**tokens, **self.grant}
        refresh_token = f"refresh-{self.issued}"
        self.refresh_tokens.add(refresh_token)
        lasting = {"expires_in": self.lifetime, "refresh_token": refresh_token}
        return {**tokens, **lasting, **self.grant}

    def refresh(self, refresh_token: str) -> Claims:
        self.on_refresh()
        if refresh_token not in self.refresh_tokens:
            self.refresh_tokens.clear()
            return {"error": "invalid_grant"}
        if self.rotates:
            self.refresh_tokens.remove(refresh_token)
            return self.new_tokens()
        return {k: v for k, v in self.new_tokens().items() if k != "refresh_token"}

    def _is_proved(self, form: Form) -> bool:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        return _base64(digest) == self.challenges[form["code"]]


def _handler_of(cheat: Cheat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/authorization":
                self.send_response(302)
                self.send_header("Location", cheat.authorize(_form(place.query)))
                self.end_headers()
            else:
                self._answer({})

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            self._answer(_form(self.rfile.read(length).decode()))

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _answer(self, form: dict[str, str]) -> None:
            said = cheat.answer(self.path.partition("?")[0], form)
            body = json.dumps(said).encode()
            self.send_response(503 if said is None else 400 if "error" in said else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


def _form(text: str) -> Form:
    return {name: values[0] for name, values in parse_qs(text).items()}


def unsigned(claims: Claims, _: Cheat) -> str:
    """Make an id token that nobody signed."""
    parts = ({"alg": "none", "kid": "first"}, claims)
    return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."


def with_client_secret(claims: Claims, _: Cheat) -> str:
    """Make an id token that is signed with what the app knows too."""
    return jwt.encode(claims, "the client's secret for tests, 32 bytes", "HS256")


def _base64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()
