"""What can stop a start."""

from __future__ import annotations


class LaunchError(Exception):
    """The app can't start; the message is one line with the cause and what to do."""
