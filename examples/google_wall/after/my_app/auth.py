"""Members sign in with Google."""

import os

from authdemo.sessions import Auth, User
from authdemo.sessions.providers import google


def member(identity):
    """Keep the ids that the posts have: what Google calls its users."""
    return User(id=identity.subject, name=identity.claims["name"])


auth = Auth(
    providers=[
        google(
            client_id=os.environ.get("GOOGLE_ID", "unset"),
            client_secret=os.environ.get("GOOGLE_SECRET", ""),
            issuer=os.environ.get("GOOGLE_ISSUER", "https://accounts.google.com"),
            user=member,
        )
    ],
    name="wall",
)
