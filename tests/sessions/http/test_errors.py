"""The HTTP status of each error."""

from __future__ import annotations

import inspect

import pytest

from authdemo.sessions import errors
from authdemo.sessions.errors import (
    AuthError,
    CallbackFailed,
    ConfigurationError,
    HandlerFailed,
    TokenError,
)
from authdemo.sessions.http.router import status_of

OF_THE_SERVER = (CallbackFailed, ConfigurationError, HandlerFailed, TokenError)
"""What a visitor can't have caused; an invalid token is no session, and no response of its own."""

ERRORS = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and issubclass(each, AuthError) and each is not AuthError
]


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_error_has_a_status_of_500_only_if_the_server_caused_it(kind: type[AuthError]) -> None:
    error = kind.__new__(kind)
    assert (status_of(error) == 500) is issubclass(kind, OF_THE_SERVER)
