"""How long sessions may live, and how many a user may have."""

from __future__ import annotations

import pytest

from authdemo.sessions.core.errors import ConfigurationError
from authdemo.sessions.core.options import LONGEST_LIFE, SessionOptions


@pytest.mark.parametrize(
    "choice",
    [
        {"max_age": 0},
        {"max_age": LONGEST_LIFE + 1},
        {"update_age": -1},
        {"absolute_age": 0},
        {"most_per_user": 0},
        {"most_per_user": -1},
    ],
)
def test_what_no_session_could_live_with_is_refused_by_name(choice):
    (name, value), *_ = choice.items()
    with pytest.raises(ConfigurationError, match=rf"SessionOptions\({name}=\.\.\.\)") as refused:
        SessionOptions(**choice)
    assert repr(value) in refused.value.message


@pytest.mark.parametrize(
    "choice",
    [{"max_age": 1}, {"max_age": LONGEST_LIFE}, {"update_age": 0}, {"most_per_user": 1}],
)
def test_what_one_could_live_with_is_taken(choice):
    assert SessionOptions(**choice)
