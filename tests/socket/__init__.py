"""Tests over the web socket, from outside."""

from __future__ import annotations
