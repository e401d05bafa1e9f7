"""Two providers, one that cheats among them, and accounts that a member can link."""

from __future__ import annotations

import os

from authdemo.sessions import Auth, Credentials, OpenIDConnect, User

LINKS = {}


async def authorize(credentials):
    known = credentials.get("password") == "tutorial"
    return User(id=credentials["id"], name="Ada Lovelace") if known else None


def linked(identity):
    """A member who signs in at the provider links it; next time that is enough."""
    place = (identity.issuer, identity.subject)
    if identity.member is not None:
        LINKS[place] = identity.member
    return LINKS.get(place)


def declared(name, **more):
    issuer = os.environ[f"{name.upper()}_ISSUER"]
    secret = os.environ["CLIENT_SECRET"]
    return OpenIDConnect(
        id=name, name=name.title(), issuer=issuer, client_id="my_app", client_secret=secret, **more
    )


auth = Auth(
    providers=[
        Credentials(authorize=authorize),
        declared("honest"),
        declared("cheat"),
        OpenIDConnect(
            id="linked",
            name="Linked",
            issuer=os.environ["CHEAT_ISSUER"],
            client_id="my_app",
            user=linked,
        ),
    ],
    name="my_app",
)
