"""The workshop, run against good servers and against broken ones."""

from __future__ import annotations
