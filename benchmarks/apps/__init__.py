"""What `make bench` serves beside the app, by the app's own launcher and supervisor."""

from __future__ import annotations

BARE = "/bare"
"""Where the bare route is."""

SWEEP = "/sweep"
"""Where the app without passwords is asked to sweep."""

NAME = "John Doe"
"""The name of everybody."""

EMAIL = "email@email.email"
