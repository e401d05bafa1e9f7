"""A real token, and others like it, made by hand with the real key."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from authdemo.forgery import changed, forge
from authdemo.sessions.core.keys import Key
from authdemo.testing import RealToken
from tests.support.server import SECRET


@dataclass(frozen=True)
class Real(RealToken):
    """A real token of the app under test, and the secret that signed it."""

    key: Key = field(default=Key(SECRET.encode()), repr=False)

    @property
    def secret(self) -> str:
        return self.key.secret.decode()

    def headed(self, secret: str | None = None, **changes: Any) -> str:
        """With some members of its header changed, and signed again."""
        header = changed(self.header, changes)
        return forge(header, self.payload, self.secret if secret is None else secret)

    def spelled(self, old: str, new: str, coding: str = "utf-8") -> str:
        """With one place in its payload's JSON spelled otherwise, and signed again."""
        text, places = re.subn(old, lambda _: new, json.dumps(self.payload), count=1)
        assert places == 1
        return forge(self.header, text.encode(coding, "surrogatepass"), self.secret)
