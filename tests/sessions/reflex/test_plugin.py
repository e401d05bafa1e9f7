"""What `SessionsPlugin` says of what it can't take."""

from __future__ import annotations

import pytest
import reflex as rx

from authdemo.sessions import ConfigurationError, SessionsPlugin
from authdemo.sessions.reflex import plugin

ADVICE = 'Pass "module:attribute", for example "my_app.auth:auth".'


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A data folder of the test's own: the plugin reads the operator's settings."""
    monkeypatch.setenv("AUTH_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("place", ["my_app.my_app.auth", "", ":auth", "my_app:", "my-app:auth"])
def test_a_place_is_a_module_and_a_name(place):
    with pytest.raises(SystemExit) as ended:
        SessionsPlugin(place)
    assert ended.value.code == f"error: SessionsPlugin can't use {place!r}. {ADVICE}"


def test_a_place_is_no_object():
    with pytest.raises(SystemExit, match="can't use an instance of object"):
        SessionsPlugin(object())  # type: ignore[arg-type]


def test_nothing_is_made_where_it_is_only_named(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTH_SECRET", raising=False)
    SessionsPlugin("my_app.my_app:auth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "lack"),
    [
        ("no_such_package.auth:auth", "there is no module 'no_such_package.auth'"),
        ("authdemo.no_such:auth", "there is no module 'authdemo.no_such'"),
        ("os:no_such_name", "'os' has no 'no_such_name'"),
        ("os:sep", "'sep' in 'os' is '/', and no Auth"),
    ],
)
def test_place_without_an_auth_names_what_is_missing(place, lack):
    with pytest.raises(ConfigurationError) as refused:
        SessionsPlugin(place).auth()
    assert refused.value.message == f"rxconfig.py: SessionsPlugin({place!r}): {lack}. {ADVICE}"


def test_a_module_that_lacks_another_says_so_itself(tmp_path, monkeypatch):
    (tmp_path / "half_an_app.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        SessionsPlugin("half_an_app:auth").auth()


@pytest.mark.parametrize(
    ("mode", "origins"),
    [
        ("dev", ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"]),
        ("prod", ["http://localhost:3000"]),
    ],
)
def test_pages_of_the_development_server_may_be_opened_by_any_loopback_name(
    monkeypatch, mode, origins
):
    monkeypatch.setenv("REFLEX_ENV_MODE", mode)
    config = rx.Config(app_name="my_app", frontend_port=3000)
    monkeypatch.setattr(plugin, "get_config", lambda: config)
    assert plugin._page_origins(serves_pages=False) == tuple(origins)
