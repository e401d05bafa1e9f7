"""Reads the public test vectors; README.md says where they are from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authdemo.sessions.core.tokens import base64url_decode

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Vector:
    """One published token.

    Attributes:
        id: Its number at Wycheproof, or its RFC and section.
        key: The published key that goes with it, as a JWK.
        jws: The token.
        valid: Whether its publisher calls it valid.
    """

    id: int | str
    key: dict[str, str]
    jws: str
    valid: bool

    @property
    def secret(self) -> bytes:
        """The symmetric key; of an asymmetric one its public half, for who confuses them."""
        return base64url_decode(self.key.get("k") or self.key["x"] + self.key["y"])


def _wycheproof() -> list[Vector]:
    groups = json.loads((_HERE / "wycheproof.json").read_text())["groups"]
    return [
        _vector(test["tcId"], group["key"], test) for group in groups for test in group["tests"]
    ]


def _rfc() -> list[Vector]:
    examples = json.loads((_HERE / "rfc.json").read_text())["examples"]
    return [_vector(example["id"], example["key"], example) for example in examples]


def _vector(name: int | str, key: dict[str, str], test: dict[str, Any]) -> Vector:
    return Vector(name, key, test["jws"], test["result"] == "valid")


VECTORS = {vector.id: vector for vector in [*_wycheproof(), *_rfc()]}
