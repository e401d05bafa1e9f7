"""Mistakes of an app's author are reported where they were made, with what to do."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from pydantic import BaseModel

from authdemo.sessions import Callbacks, Credentials, Events, User, UserUpdate
from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.core.keys import KeyRing
from authdemo.sessions.core.settings import Settings
from authdemo.sessions.engine import Engine
from authdemo.sessions.providers import OAuth2, github
from tests.support.house import SECRET


def authorize(credentials: Any) -> None:
    return None


GOOD = Credentials(authorize=authorize)


class Unrelated(BaseModel):
    id: str


class Painter(User):
    color: str = "red"


class Paint(UserUpdate):
    colour: str = "red"
    palette: str = ""


def make(**choices: Any) -> Engine:
    usual: dict[str, Any] = {"providers": [GOOD], "settings": Settings(keys=KeyRing([SECRET]))}
    return Engine(**usual | choices)


def complaint(**choices: Any) -> str:
    with pytest.raises(ConfigurationError) as refused:
        make(**choices)
    assert "\n" not in refused.value.message
    return refused.value.message


@pytest.mark.parametrize(
    ("providers", "shown"),
    [
        (GOOD, "not an instance of Credentials"),
        ("credentials", "not 'credentials'"),
        (None, "not None"),
        ({"credentials": GOOD}, "not an instance of dict"),
        (["x"], "'x' isn't one"),
        ([GOOD, authorize], "an instance of function isn't one"),
        ([Credentials], "the class Credentials isn't one"),
    ],
)
def test_providers_are_a_list_of_providers(providers, shown):
    said = complaint(providers=providers)
    assert said.startswith("Auth(providers=...) takes a list of providers, like [Credentials(")
    assert shown in said


def test_any_sequence_of_providers_will_do():
    assert list(make(providers=(GOOD,)).providers) == ["credentials"]


def test_there_are_providers_with_an_id_each():
    assert complaint(providers=[]) == "Auth needs at least one provider."
    assert "the same id" in complaint(providers=[GOOD, GOOD])


@pytest.mark.parametrize(
    ("choice", "takes"),
    [
        ({"callbacks": {"jwt": authorize}}, "Callbacks(...), not an instance of dict."),
        ({"callbacks": Callbacks}, "Callbacks(...), not the class Callbacks."),
        ({"events": [print]}, "Events(...), not an instance of list."),
        ({"pages": "/login"}, "Pages(...), not '/login'."),
        ({"session": 1800}, "SessionOptions(...), not 1800."),
        ({"settings": {}}, "Settings(...), not an instance of dict."),
        ({"locales": "locales"}, "the Path of a folder, not 'locales'."),
        ({"name": 5}, "text, not 5."),
    ],
)
def test_choice_of_another_kind_names_the_kind_it_takes(choice, takes):
    (name,) = choice
    assert complaint(**choice) == f"Auth({name}=...) takes {takes}"


@pytest.mark.parametrize("value", ["x" * 1000, b"x" * 1000, ["x"] * 1000])
def test_what_was_given_is_shown_in_few_words(value):
    assert len(complaint(pages=value)) < 120


@pytest.mark.parametrize("user", [User(id="x"), Unrelated, UserUpdate, "User", None])
def test_the_user_is_a_class_of_users(user):
    said = complaint(user=user)
    assert said.startswith("Auth(user=...) takes the class User or a subclass of it, not ")


@pytest.mark.parametrize("update", [UserUpdate(), Unrelated, User, None])
def test_the_update_is_a_class_of_updates(update):
    said = complaint(update=update)
    assert said.startswith("Auth(update=...) takes the class UserUpdate or a subclass of it, not ")


def test_clients_can_change_only_fields_that_a_user_has():
    assert complaint(user=Painter, update=Paint) == (
        "Auth(update=Paint) opens fields to clients that Painter doesn't have: colour, palette. "
        "Add them to Painter, or take them out."
    )


class TestCallbacks:
    @pytest.mark.parametrize("name", ["jwt", "session", "sign_in", "redirect", "authorized"])
    @pytest.mark.parametrize("value", ["text", 5, {}])
    def test_are_functions(self, name, value):
        with pytest.raises(ConfigurationError) as refused:
            Callbacks(**{name: value})
        assert refused.value.message.startswith(f"Callbacks({name}=...) takes a function, not ")

    def test_take_what_they_are_called_with(self):
        async def jwt(token, user=None):
            return token

        with pytest.raises(ConfigurationError) as refused:
            Callbacks(jwt=jwt)  # type: ignore[arg-type]
        assert refused.value.message == (
            "Callbacks(jwt=...) is called with (token=..., user=..., account=..., trigger=..., "
            "session=...), which jwt(token, user=None) can't take: got an unexpected keyword "
            "argument 'account'. Name them all, or take the rest by **_."
        )

    @pytest.mark.parametrize(
        ("name", "wrong"),
        [
            ("session", lambda session: session),
            ("sign_in", lambda user, account: (user, account)),
            ("redirect", lambda url: url),
            ("redirect", lambda url, base_url, request: (url, base_url, request)),
            ("authorized", lambda request, auth: (request, auth)),
        ],
    )
    def test_of_every_kind_are_looked_at(self, name, wrong):
        with pytest.raises(ConfigurationError, match=rf"Callbacks\({name}=\.\.\.\) is called with"):
            Callbacks(**{name: wrong})

    def test_may_be_anything_that_can_be_called_like_that(self):
        class Redirects:
            async def __call__(self, *, url, base_url):
                return base_url + url

            def method(self, url, base_url, more=""):
                return base_url + url + more

        def third(first, *, url, base_url):
            return first + base_url + url

        @functools.wraps(authorize)
        def around(*args, **kwargs):
            return authorize(kwargs)

        objects = Redirects(), Redirects().method, functools.partial(third, "/"), around
        for redirect in (*objects, lambda **_: "/"):
            assert Callbacks(redirect=redirect).redirect is redirect

    def test_without_a_signature_to_read_are_taken_as_they_are(self):
        assert Callbacks(session=dict).session is dict


@pytest.mark.parametrize("name", ["sign_in", "sign_out", "session", "update_user", "audit"])
def test_listeners_are_functions_that_take_what_they_get(name):
    wrongs: tuple[Any, ...] = ("text", lambda: None, lambda *, other: other)
    for wrong in wrongs:
        with pytest.raises(ConfigurationError, match=rf"Events\({name}=\.\.\.\) "):
            Events(**{name: wrong})
    assert Events(**{name: None})
    assert Events(**{name: lambda *_, **__: None})


@pytest.mark.parametrize(
    "value", ["text", None, lambda: None, lambda form, request: (form, request)]
)
def test_authorize_is_a_function_of_credentials(value):
    with pytest.raises(ConfigurationError, match=r"Credentials\(authorize=\.\.\.\) "):
        Credentials(authorize=value)


async def test_call_in_the_place_of_the_function_is_reported():
    async def sign_in(form):
        return None

    called: Any = sign_in({})
    with pytest.raises(ConfigurationError, match="takes a function, not an instance of coroutine"):
        Credentials(authorize=called)
    called.close()


def test_functions_that_find_or_make_users_take_what_they_are_called_with():
    assert complaint(find_user=lambda: None).startswith("Auth(find_user=...) is called with (user")
    with pytest.raises(ConfigurationError, match=r"OAuth2\(user=\.\.\.\) is called with"):
        OAuth2.__post_init__(github(client_id="an app", client_secret="hush", user=lambda: None))


@pytest.mark.parametrize("value", ["text", None, lambda said: said, lambda *, said: said])
def test_claims_are_read_by_a_function_of_what_is_said_and_granted(value):
    with pytest.raises(ConfigurationError, match=r"OAuth2\(claims=\.\.\.\) "):
        github(client_id="an app", client_secret="hush", claims=value)
