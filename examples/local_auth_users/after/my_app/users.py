"""The table of reflex-local-auth, as it is; all of this may block, so it runs in threads."""

import bcrypt
import reflex as rx
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, SQLModel, select

from authdemo.sessions.errors import AuthError, SignInError


class LocalUser(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    username: str = Field(unique=True, index=True, max_length=255)
    password_hash: bytes
    enabled: bool = False


class UsernameTaken(AuthError):
    message = "This username is taken."


class PasswordTooShort(AuthError):
    message = "The password must have at least 8 characters."


NO_ACCOUNT = bcrypt.hashpw(b"the password of no account", bcrypt.gensalt())


def secret_of(password: str) -> bytes:
    return password.encode(errors="replace")[:72]  # bcrypt takes no more bytes


def find_by_password(username: str, password: str) -> LocalUser | None:
    with rx.session() as db:
        user = db.exec(select(LocalUser).where(LocalUser.username == username)).one_or_none()
    # An unknown name takes as long as a known one.
    hashed = user.password_hash if user else NO_ACCOUNT
    if not bcrypt.checkpw(secret_of(password), hashed) or user is None:
        return None
    if not user.enabled:
        raise SignInError("This account is disabled.")
    return user


def add(username: str, password: str) -> LocalUser:
    if len(password) < 8:
        raise PasswordTooShort
    hashed = bcrypt.hashpw(secret_of(password), bcrypt.gensalt())
    user = LocalUser(username=username, password_hash=hashed, enabled=True)
    try:
        with rx.session() as db:
            db.add(user)
            db.commit()
            db.refresh(user)
    except IntegrityError:
        raise UsernameTaken from None
    return user
