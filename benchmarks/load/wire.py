"""Requests as bytes, and answers as they came: no more than a keep-alive connection needs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"
_STATUS = slice(9, 12)


class UnexpectedAnswer(Exception):
    """The server did not do what is being measured; the message has its answer."""


@dataclass(slots=True)
class Response:
    """An answer over HTTP/1.1 (RFC 9112).

    Attributes:
        status: The status code's three digits.
        head: The status line and the header fields.
        body: The body, as it was sent.
    """

    status: bytes
    head: bytes
    body: bytes

    def check(self, status: bytes, text: bytes = b"") -> None:
        """Check that it is what it should be.

        Args:
            status: The status code.
            text: What must be in the body.

        Raises:
            UnexpectedAnswer: If it is something else.
        """
        if self.status != status or text not in self.body:
            said = (self.head + END_OF_HEAD + self.body[:500]).decode("latin-1")
            raise UnexpectedAnswer(f"Instead of {status!r} with {text!r} came:\n{said}")

    def field(self, name: bytes) -> bytes:
        """Find a header field's value, or nothing; servers on HTTP/1.1 here write small letters."""
        return between(self.head, b"\r\n" + name + b": ", b"\r\n")

    def cookie(self, name: bytes) -> bytes:
        """Find the value that the answer gives a cookie, or nothing."""
        return between(self.head, b"\r\nset-cookie: " + name + b"=", b";")


def parse(received: bytes) -> tuple[Response, bytes] | None:
    """Take the first answer off what was received.

    Args:
        received: What a connection received so far.

    Returns:
        The answer and what came after it, or None if it isn't whole yet.

    Raises:
        UnexpectedAnswer: If it doesn't say how long it is.
    """
    end = received.find(END_OF_HEAD)
    if end < 0:
        return None
    head = received[:end]
    begin = end + len(END_OF_HEAD)
    whole = begin + _length(head)
    if len(received) < whole:
        return None
    return Response(head[_STATUS], head, received[begin:whole]), received[whole:]


def _length(head: bytes) -> int:
    at = head.find(_LENGTH)
    if at < 0:
        raise UnexpectedAnswer(f"An answer without a Content-Length: {head.decode('latin-1')}")
    at += len(_LENGTH)
    end = head.find(b"\r", at)
    return int(head[at:] if end < 0 else head[at:end])


def between(text: bytes, before: bytes, after: bytes) -> bytes:
    """Find what stands between two marks; up to the end if the second is missing."""
    at = text.find(before)
    if at < 0:
        return b""
    at += len(before)
    end = text.find(after, at)
    return text[at:] if end < 0 else text[at:end]


def get(path: str, headers: Mapping[str, str]) -> bytes:
    """Write a GET request."""
    return _head("GET", path, headers)


def post_json(path: str, headers: Mapping[str, str], body: object) -> bytes:
    """Write a POST request with JSON."""
    return _post(path, {**headers, "Content-Type": "application/json"}, json.dumps(body))


def post_form(path: str, headers: Mapping[str, str], fields: Mapping[str, str]) -> bytes:
    """Write a POST request with a form."""
    form = "application/x-www-form-urlencoded"
    return _post(path, {**headers, "Content-Type": form}, urlencode(fields))


def _post(path: str, headers: Mapping[str, str], body: str) -> bytes:
    content = body.encode()
    return _head("POST", path, {**headers, "Content-Length": str(len(content))}) + content


def _head(method: str, path: str, headers: Mapping[str, str]) -> bytes:
    fields = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode("latin-1")
