"""What `SessionsPlugin` says of what it can't take."""

from __future__ import annotations

import pytest

from authdemo.sessions import SessionsPlugin


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
