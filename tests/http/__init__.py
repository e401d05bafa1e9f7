"""Tests over HTTP, from outside."""

from __future__ import annotations
