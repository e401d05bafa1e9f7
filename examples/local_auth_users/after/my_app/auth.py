import asyncio

from authdemo.sessions import Auth, Credentials, User
from my_app import users


async def authorize(form):
    username, password = form.get("username"), form.get("password")
    if not isinstance(username, str) or not isinstance(password, str):
        return None
    user = await asyncio.to_thread(users.find_by_password, username, password)
    if user is None:
        return None
    return {"id": str(user.id), "name": user.username}


async def create(form):
    username, password = form["username"].strip(), form["password"]
    user = await asyncio.to_thread(users.add, username, password)
    return User(id=str(user.id), name=user.username)


credentials = Credentials(
    authorize=authorize, account_field="username", fields=("username", "password")
)
auth = Auth(providers=[credentials], name="notes")
