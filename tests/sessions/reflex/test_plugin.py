"""What `SessionsPlugin` says of what it can't take."""

from __future__ import annotations

import pytest

from authdemo.sessions import ConfigurationError, SessionsPlugin


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    """A data folder of the test's own: the plugin reads the operator's settings."""
    monkeypatch.setenv("AUTH_DATA_DIR", str(tmp_path))


@pytest.mark.parametrize("place", ["my_app.my_app.auth", "", ":auth", "my_app:", "my-app:auth"])
def test_a_place_is_a_module_and_a_name(place):
    with pytest.raises(SystemExit) as ended:
        SessionsPlugin(place)
    assert ended.value.code == (
        "error: SessionsPlugin takes the place of an Auth as text, its module and its name there, "
        f'like "my_app.my_app:auth", not {place!r}.'
    )


def test_a_place_is_no_object():
    with pytest.raises(SystemExit, match="not an instance of object"):
        SessionsPlugin(object())  # type: ignore[arg-type]


def test_nothing_is_made_where_it_is_only_named(tmp_path, monkeypatch):
    monkeypatch.delenv("AUTH_SECRET", raising=False)
    SessionsPlugin("my_app.my_app:auth")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["no_such_package.auth:auth", "authdemo.no_such:auth", "os:path"])
def test_a_place_where_there_is_none_is_named(place):
    with pytest.raises(ConfigurationError, match=f"takes the place of an Auth, not '{place}'"):
        SessionsPlugin(place).auth()


def test_a_module_that_lacks_another_says_so_itself(tmp_path, monkeypatch):
    (tmp_path / "half_an_app.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        SessionsPlugin("half_an_app:auth").auth()
