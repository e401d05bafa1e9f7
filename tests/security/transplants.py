"""What each invalid vector does to a valid token, so that it can be done to ours."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from authdemo.forgery import tag, with_unused_bits
from authdemo.sessions.core.tokens import base64url_decode, base64url_encode
from tests.security.vectors import VECTORS


@dataclass(frozen=True)
class Parts:
    """A valid token in pieces, and the key that can sign others."""

    head: str
    body: str
    secret: bytes

    @property
    def tag(self) -> str:
        return tag(f"{self.head}.{self.body}", self.secret)

    @property
    def text(self) -> str:
        return f"{self.head}.{self.body}.{self.tag}"

    def signed(self, head: str | None = None, body: str | None = None) -> str:
        """The token with another text, signed just as it is spelled."""
        text = f"{self.head if head is None else head}.{self.body if body is None else body}"
        return f"{text}.{tag(text, self.secret)}"

    def header(self, old: str, new: str) -> str:
        """The head with one place in it replaced."""
        text, places = re.subn(old, new, base64url_decode(self.head).decode(), count=1)
        assert places == 1
        return base64url_encode(text.encode())


def _another_kid(parts: Parts) -> str:
    return parts.header('"kid":".', '"kid":"X')


def _json_general(parts: Parts) -> str:
    signature = {
        "protected": parts.head,
        "header": {"unknown": "untrustworthy"},
        "signature": parts.tag,
    }
    value = {"payload": parts.body, "signatures": [signature]}
    return json.dumps(value, separators=(",", ":"))


def _unsecured(parts: Parts) -> str:
    return f"{parts.header('HS256', 'none')}.{parts.body}."


def _critical(parts: Parts) -> str:
    unknown = '"crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true,'
    return parts.signed(head=parts.header("^{", "{" + unknown))


TRANSPLANTS: dict[int | str, Callable[[Parts], str]] = {
    2: lambda parts: f"{parts.head}.{parts.body}.X{parts.tag[1:]}",
    3: lambda parts: f"{parts.head}.{parts.body}.",
    4: lambda parts: f"{parts.head}.{parts.body}",
    5: lambda parts: f"{parts.head}.WG{parts.body[2:]}.{parts.tag}",
    6: lambda parts: f"{parts.head}..{parts.tag}",
    7: lambda parts: f"{parts.head}.{parts.tag}",
    8: lambda parts: f"{_another_kid(parts)}.{parts.body}.{parts.tag}",
    9: lambda parts: f".{parts.body}.{parts.tag}",
    10: lambda parts: f"{parts.body}.{parts.tag}",
    11: lambda parts: f".{parts.body}.",
    12: lambda parts: parts.body,
    13: lambda _: "",
    14: lambda parts: f"{parts.text}.",
    15: lambda parts: f"{parts.text}.foo",
    16: _unsecured,
    17: _json_general,
    360: lambda parts: f"{parts.head}.{parts.body}.    {parts.tag}",
    361: lambda parts: f"{parts.head}.{parts.body}.?{parts.tag}",
    362: lambda parts: f"{parts.text}?",
    363: lambda parts: f"{parts.head}.{parts.body}.?{parts.tag[1:]}",
    364: lambda parts: f"{parts.head}.{parts.body}.????{parts.tag[4:]}",
    365: lambda parts: parts.signed(head=f"{parts.head}    "),
    366: lambda parts: parts.signed(head=f"{parts.head}####"),
    367: lambda parts: parts.signed(head=f"{parts.head}="),
    368: lambda parts: parts.signed(body=f"    {parts.body}"),
    369: lambda parts: parts.signed(body=f"####{parts.body}"),
    370: lambda parts: parts.signed(body=f"{parts.body}="),
    371: lambda parts: parts.signed(body=f"?{parts.body}"),
    372: lambda parts: f"{parts.head[:-1]}?{parts.head[-1]}.{parts.body}.{parts.tag}",
    373: lambda parts: f"{parts.head}.{parts.body}?.{parts.tag}",
    374: lambda parts: f"{parts.head}.{with_unused_bits(parts.body)}.{parts.tag}",
    375: lambda parts: parts.signed(body=with_unused_bits(parts.body)),
    "RFC 7515 A.5": _unsecured,
    "RFC 7515 E": _critical,
}

_BASES = {363: 358, 364: 359}


def base_of(name: int) -> Parts:
    """The valid token that a vector of Wycheproof starts from."""
    vector = VECTORS[_BASES.get(name, 1 if name < 18 else 357)]
    head, body, _ = vector.jws.split(".")
    one_octet = name in (374, 375)
    return Parts(head, base64url_encode(b"\0") if one_octet else body, vector.secret)
