from __future__ import annotations

from authdemo.accounts import Accounts
from authdemo.sessions import Auth, Credentials, User
from authdemo.sessions.providers import google


async def authorize(credentials):
    known = credentials.get("password") == "tutorial"
    return User(id=credentials["id"], name="Ada Lovelace") if known else None


accounts = Accounts()
auth = Auth(
    providers=[Credentials(authorize=authorize), google(client_id="my_app")],
    name="my_app",
)
