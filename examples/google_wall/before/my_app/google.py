"""Sign in with Google: the tab keeps Google's token, and the state reads it."""

import base64
import functools
import hashlib
import os
import secrets
from urllib.parse import urlencode

import httpx
import jwt
import reflex as rx

ISSUER = os.environ.get("GOOGLE_ISSUER", "https://accounts.google.com")
CLIENT_ID = os.environ.get("GOOGLE_ID", "")


@functools.cache
def endpoints():
    return httpx.get(f"{ISSUER}/.well-known/openid-configuration").json()


@functools.cache
def keys():
    return jwt.PyJWKClient(endpoints()["jwks_uri"])


class Google(rx.State):
    token: str = rx.LocalStorage(name="google")
    verifier: str = rx.LocalStorage(name="google_verifier")

    @rx.event
    def sign_in(self):
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": f"{self.router.url.origin}/callback",
            "scope": "openid profile email",
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return rx.redirect(f"{endpoints()['authorization_endpoint']}?{urlencode(query)}")

    @rx.event
    def finish(self):
        form = {
            "grant_type": "authorization_code",
            "code": self.router.url.query_parameters["code"],
            "redirect_uri": f"{self.router.url.origin}/callback",
            "client_id": CLIENT_ID,
            "client_secret": os.environ["GOOGLE_SECRET"],
            "code_verifier": self.verifier,
        }
        self.token = httpx.post(endpoints()["token_endpoint"], data=form).json()["id_token"]
        return rx.redirect("/")

    @rx.event
    def sign_out(self):
        self.token = ""
        return rx.redirect("/")

    @rx.var
    def user(self) -> dict[str, str]:
        if not self.token:
            return {"id": "", "name": ""}
        key = keys().get_signing_key_from_jwt(self.token)
        claims = jwt.decode(self.token, key, audience=CLIENT_ID, algorithms=["RS256", "ES256"])
        return {"id": claims["sub"], "name": claims["name"]}
