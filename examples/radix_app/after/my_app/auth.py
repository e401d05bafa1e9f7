import hmac
import os

from authdemo.sessions import Auth, Credentials, User

PEOPLE = {
    "ada": User(id="ada", name="Ada Lovelace"),
    "grace": User(id="grace", name="Grace Hopper"),
}


async def authorize(form):
    known = os.environ["ALBUM_PASSWORD"].encode()
    if hmac.compare_digest(str(form.get("password")).encode(), known):
        return PEOPLE.get(form.get("id"))


auth = Auth(providers=[Credentials(authorize=authorize)], name="album")
