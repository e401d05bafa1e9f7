from __future__ import annotations

from authdemo.accounts import Accounts
from authdemo.sessions import Auth, Credentials, User
from authdemo.sessions.providers import google


class Reader(User):
    role: str = "reader"
    books: tuple[str, ...] = ()


async def authorize(credentials):
    known = credentials.get("password") == "tutorial"
    return Reader(id=credentials["id"], name="Ada Lovelace", books=("Notes",)) if known else None


accounts = Accounts()
auth = Auth(
    providers=[Credentials(authorize=authorize), google(client_id="my_app")],
    name="my_app",
    user=Reader,
)
