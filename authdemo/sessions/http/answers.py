"""Answers, and what each error looks like on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, PlainTextResponse

from ..core import errors as e
from .bodies import BodyRefused

PERSONAL = {
    "Cache-Control": "private, no-cache, no-store",
    "Expires": "0",
    "Pragma": "no-cache",
    "Vary": "Cookie",
}
"""Headers of everything that is one visitor's own."""

_STATUS: dict[type[e.AuthError], int] = {
    e.RevisionConflict: 409,
    e.UpdateRefused: 422,
    e.TokenTooLarge: 422,
    e.NotAuthenticated: 401,
    e.AccessDenied: 403,
    e.UnknownProvider: 404,
    e.NotFound: 404,
    e.TooManyAttempts: 429,
    e.TooManyUpdates: 429,
    e.SignInError: 401,
    e.RequestRefused: 403,
    e.StoreUnavailable: 503,
}


def status(error: e.AuthError) -> int:
    """Choose the HTTP status of an error.

    Args:
        error: The error.

    Returns:
        The status; 500 for what has none of its own.
    """
    if isinstance(error, BodyRefused):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def public(body: object) -> JSONResponse:
    """Answer with what is the same for everyone.

    Args:
        body: The JSON value.

    Returns:
        An answer that any cache may keep for a while.
    """
    return _json(body, 200, {"Cache-Control": "public, max-age=300"})


def personal(body: object, status_code: int = 200) -> JSONResponse:
    """Answer with one visitor's own data.

    Args:
        body: The JSON value.
        status_code: The HTTP status.

    Returns:
        An answer that no cache keeps.
    """
    return _json(body, status_code, PERSONAL)


def plain_refusal(error: e.AuthError) -> PlainTextResponse:
    """Answer a request for a page with an error.

    Args:
        error: The error.

    Returns:
        An answer whose body is the message.
    """
    headers = {**PERSONAL, **later(error)}
    return PlainTextResponse(error.message, status(error), headers=headers)


def later(error: e.AuthError) -> dict[str, str]:
    """Say when it may go better (RFC 9110, section 10.2.3).

    Args:
        error: The error.

    Returns:
        The header, or none if waiting is no help.
    """
    return {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}


def refusal(error: e.AuthError, extra: Mapping[str, Any] | None = None) -> JSONResponse:
    """Answer with an error.

    Args:
        error: The error.
        extra: What else the client needs.

    Returns:
        An answer whose body is always an object with a `message` and a `code`.
    """
    body: dict[str, Any] = {**error.facts(), **(extra or {})}
    if isinstance(error, e.RevisionConflict):
        body["rev"] = error.rev
    answer = personal(body, status(error))
    answer.headers.update(later(error))
    return answer


def _json(body: object, status_code: int, headers: Mapping[str, str]) -> JSONResponse:
    answer = JSONResponse(
        body, status_code, headers={**headers, "X-Content-Type-Options": "nosniff"}
    )
    answer.headers["Content-Type"] = "application/json; charset=utf-8"
    return answer
