"""All errors that `authdemo.sessions` raises on purpose."""

from __future__ import annotations

from .core.errors import *  # noqa: F403
from .core.schema import to_error_kwargs as to_error_kwargs  # noqa: PLC0414
