"""Providers of both kinds, one that cheats among them, and accounts that a member can link."""

from __future__ import annotations

import os

from authdemo.sessions import Auth, Credentials, Events, User
from authdemo.sessions.providers import OAuth2, OpenIDConnect, github

LINKS = {}


async def authorize(credentials):
    known = credentials.get("password") == "tutorial"
    return User(id=credentials["id"], name="Ada Lovelace") if known else None


def linked(identity):
    """A member who signs in at the provider links it; next time that is enough."""
    place = (identity.issuer, identity.subject)
    if identity.linked_user is not None:
        LINKS[place] = identity.linked_user
    return LINKS.get(place)


def declared(name, issuer, **more):
    issuer, secret = os.environ[f"{issuer.upper()}_ISSUER"], os.environ["CLIENT_SECRET"]
    return OpenIDConnect(
        id=name, name=name.title(), issuer=issuer, client_id="my_app", client_secret=secret, **more
    )


def forge(address, secret):
    """A place that speaks OAuth 2 and nothing more."""
    return OAuth2(
        id="forge",
        name="Forge",
        issuer=f"{address}/login/oauth",
        authorization_endpoint=f"{address}/login/oauth/authorize",
        token_endpoint=f"{address}/login/oauth/access_token",
        userinfo_endpoint=f"{address}/user",
        claims=lambda said, _: {"sub": str(said["id"]), "name": said["login"]},
        client_id="my_app",
        client_secret=secret,
        secret_in_form=True,
    )


def audit(event):
    print(f"authdemo.sessions.audit: {event.as_json()}", flush=True)


place, secret = os.environ["GITHUB_URL"], os.environ["CLIENT_SECRET"]
auth = Auth(
    providers=[
        Credentials(authorize=authorize),
        declared("honest", "honest"),
        declared("leaving", "honest", rp_initiated_logout=True),
        declared("cheat", "cheat"),
        declared("keeping", "cheat", store_tokens=True),
        declared("linked", "cheat", user=linked),
        declared("left", "cheat", rp_initiated_logout=True),
        declared("closed", "cheat", rp_initiated_logout=True),
        github(client_id="my_app", client_secret=secret, url=place, api=place),
        forge(place, secret),
    ],
    events=Events(audit=audit),
    name="my_app",
)
