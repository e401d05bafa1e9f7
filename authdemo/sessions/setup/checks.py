"""What `Auth` takes, checked before anything is made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..core.basics.arguments import check_function, check_kind, check_subclass, shown
from ..core.callbacks import Callbacks
from ..core.config.options import Pages, SessionOptions
from ..core.config.settings import Settings
from ..core.errors import ConfigurationError
from ..core.events import Events
from ..core.users.models import User, UserUpdate
from ..providers.credentials import Credentials
from ..providers.federated import Federated

_KINDS: dict[str, tuple[type, str]] = {
    "callbacks": (Callbacks, "Callbacks(...)"),
    "events": (Events, "Events(...)"),
    "pages": (Pages, "Pages(...)"),
    "session": (SessionOptions, "SessionOptions(...)"),
    "settings": (Settings, "Settings(...)"),
    "words": (Path, "the Path of a folder"),
    "name": (str, "text"),
}


def check_choices(**choices: object) -> None:
    """Check what kind of thing each choice is.

    Args:
        **choices: What `Auth` was given, by name; None is a choice that wasn't made.

    Raises:
        ConfigurationError: If one is of another kind; says which it takes.
    """
    for name, value in choices.items():
        kind, takes = _KINDS[name]
        if value is not None:
            check_kind(f"Auth({name}=...)", value, kind, takes)


def check_providers(providers: Sequence[Any]) -> None:
    """Check that there are providers, each with an id of its own.

    Args:
        providers: The ways to sign in.

    Raises:
        ConfigurationError: If it is no list of them.
    """
    takes = "Auth(providers=...) takes a list of providers, like [Credentials(authorize=...)]"
    if isinstance(providers, str) or not isinstance(providers, Sequence):
        raise ConfigurationError(f"{takes}, not {shown(providers)}.")
    for provider in providers:
        if not isinstance(provider, Credentials | Federated):
            raise ConfigurationError(f"{takes}; {shown(provider)} is none.")
    if not providers:
        raise ConfigurationError("Auth needs at least one provider.")
    if len({provider.id for provider in providers}) < len(providers):
        raise ConfigurationError("Two providers have the same id. Give each an id of its own.")


def check_users(
    user: type[User], update: type[UserUpdate], find_user: Callable[..., Any] | None
) -> None:
    """Check that the models of a user fit together, and that users can be looked up.

    Args:
        user: The fields of a user.
        update: The fields that a client may change.
        find_user: Finds a user by id, or None.

    Raises:
        ConfigurationError: If one is of another kind, or clients could change what isn't there.
    """
    check_subclass("Auth(user=...)", user, User)
    check_subclass("Auth(update=...)", update, UserUpdate)
    check_function("Auth(find_user=...)", find_user, "user_id", optional=True)
    unknown = sorted(update.model_fields.keys() - user.model_fields.keys())
    if unknown:
        raise ConfigurationError(
            f"Auth(update={update.__name__}) opens fields to clients that {user.__name__} doesn't "
            f"have: {', '.join(unknown)}. Add them to {user.__name__}, or take them out."
        )
