"""A real token, and others like it, made by hand with the real key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.support.forge import changed, forge, unpacked
from tests.support.server import SECRET


@dataclass(frozen=True)
class Real:
    """A real token, and the key that signed it."""

    text: str
    secret: str = SECRET

    @property
    def segments(self) -> list[str]:
        return self.text.split(".")

    @property
    def header(self) -> dict[str, Any]:
        return dict(json.loads(unpacked(self.segments[0])))

    @property
    def payload(self) -> dict[str, Any]:
        return dict(json.loads(unpacked(self.segments[1])))

    def headed(self, secret: str | None = None, **changes: Any) -> str:
        """With some members of its header changed, and signed anew."""
        header = changed(self.header, changes)
        return forge(header, self.payload, self.secret if secret is None else secret)

    def saying(self, **changes: Any) -> str:
        """With some of its claims changed, and signed anew."""
        return forge(self.header, changed(self.payload, changes), self.secret)

    def spelled(self, old: str, new: str, coding: str = "utf-8") -> str:
        """With one place in its payload's JSON spelled otherwise, and signed anew."""
        text, places = re.subn(old, lambda _: new, json.dumps(self.payload), count=1)
        assert places == 1
        return forge(self.header, text.encode(coding, "surrogatepass"), self.secret)
