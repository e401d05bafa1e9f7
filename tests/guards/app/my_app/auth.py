"""Two people, a clock that tests set forward, and switches for who may see what."""

from __future__ import annotations

import logging
import os
import sys
import time
from pathlib import Path

from authdemo.sessions import Auth, Authenticated, Callbacks, CookieOptions, Credentials, User
from authdemo.sessions.core import callbacks as cb
from authdemo.sessions.errors import CredentialsSignin

AHEAD = Path("ahead")
trail = logging.getLogger("authdemo.sessions.audit")
trail.setLevel("INFO")
trail.addHandler(logging.StreamHandler(sys.stderr))
trail.handlers[0].setFormatter(logging.Formatter("%(name)s: %(message)s"))


class Member(User):
    role: str = "user"


PEOPLE = {
    "ada": Member(id="ada", name="Ada Lovelace"),
    "grace": Member(id="grace", name="Grace Hopper", role="admin"),
}


async def authorize(credentials):
    if credentials.get("id") == "charles":
        raise CredentialsSignin("Your account is paused until Monday.")
    known = credentials.get("password") == "tutorial"
    user = PEOPLE.get(credentials.get("id")) if known else None
    return Authenticated(user, ("pwd", "otp")) if user and credentials.get("otp") else user


def find(user_id):
    promoted = Path("promoted").exists()
    return PEOPLE[user_id].model_copy(update={"role": "admin"} if promoted else {})


def sign_in(**_):
    return "/about" if Path("elsewhere").exists() else True


def jwt(token, **_):
    return None if Path("barred").exists() else token


async def is_grace(session):
    return session is not None and session["user"]["id"] == "grace"


def break_down():
    raise RuntimeError("the secret cause")


VERDICTS = {
    "members": lambda session, **_: session is not None,
    "open": lambda **_: True,
    "closed": lambda **_: False,
    "elsewhere": lambda path, session: f"/about?asked={path}&signed_in={session is not None}",
    "abroad": lambda **_: "https://else.example/",
    "empty": lambda **_: "",
    "later": lambda session, **_: is_grace(session),
    "broken": lambda **_: break_down(),
}


def authorized(path, session):
    sign = Path("authorized")
    verdict = VERDICTS[sign.read_text()] if sign.exists() else VERDICTS["members"]
    return verdict(path=path, session=session)


def redirect(url, base_url):
    if Path("lost").exists():
        raise LookupError("where to?")
    return cb.safe_redirect_url(url, base_url) or base_url


def clock():
    return time.time() + (float(AHEAD.read_text()) if AHEAD.exists() else 0)


PARTNER = os.environ.get("PARTNER")

auth = Auth(
    cookies=CookieOptions(same_site="none", partitioned=True) if PARTNER else None,
    providers=[Credentials(authorize=authorize)],
    callbacks=Callbacks(jwt=jwt, sign_in=sign_in, authorized=authorized, redirect=redirect),
    find_user=find,
    user=Member,
    protect_all=os.environ.get("PROTECT_ALL") == "1",
    clock=clock,
)
