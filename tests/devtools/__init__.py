"""The devtools: live sessions, and attacks on good servers and on broken ones."""

from __future__ import annotations
