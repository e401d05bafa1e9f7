"""How long sessions may live, how many a user may have, and what can be a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.core.options import MAX_LIFETIME, Pages, SessionOptions


@pytest.mark.parametrize(
    "choice",
    [
        {"max_age": 0},
        {"max_age": MAX_LIFETIME + 1},
        {"update_age": -1},
        {"absolute_age": 0},
        {"max_sessions_per_user": 0},
        {"max_sessions_per_user": -1},
        {"max_age": "5"},
        {"max_age": 1.5},
        {"update_age": None},
        {"absolute_age": True},
        {"max_sessions_per_user": "5"},
    ],
)
def test_invalid_option_is_rejected_by_name(choice):
    (name, value), *_ = choice.items()
    with pytest.raises(ConfigurationError, match=rf"SessionOptions\({name}=\.\.\.\)") as refused:
        SessionOptions(**choice)
    assert repr(value) in refused.value.message


@pytest.mark.parametrize(
    "choice",
    [{"max_age": 1}, {"max_age": MAX_LIFETIME}, {"update_age": 0}, {"max_sessions_per_user": 1}],
)
def test_valid_options_are_accepted(choice):
    assert SessionOptions(**choice)


@pytest.mark.parametrize("name", ["sign_in", "confirm"])
@pytest.mark.parametrize(
    "path",
    [
        "login",
        "",
        "https://app.example/login",
        "//evil.example",
        "/login?next=/",
        "/login#form",
        "/log in",
        "/\\evil.example",
        "/[lang]/login",
        None,
        Path("/login"),
    ],
)
def test_page_of_the_apps_own_is_a_path(name, path):
    with pytest.raises(ConfigurationError, match=rf"Pages\({name}=\.\.\.\) takes the path of a"):
        Pages(**{name: path})


@pytest.mark.parametrize("path", ["/", "/login", "/members/login/", "/登录"])
def test_page_takes_any_path(path):
    assert Pages(sign_in=path).sign_in == path


@pytest.mark.parametrize(
    "routes", ["/vault", None, {"https://app.example/vault"}, {"/vault?a=b"}, [5], {"//vault"}]
)
def test_protected_takes_a_set_of_routes(routes):
    with pytest.raises(ConfigurationError, match=r"Pages\(protected=\.\.\.\) takes a set of paths"):
        Pages(protected=routes)


@pytest.mark.parametrize(
    "route", ["/", "index", "vault", "/posts/[slug]", "/files/[[...splat]]", "/Vault/"]
)
def test_routes_are_spelled_as_reflex_does(route):
    assert Pages(protected=frozenset({route})).protected == {route}
