"""Lets Argon2 do as little as it can in each process that finds this module by `PYTHONPATH`.

Most tests sign in, and few of them are about what a password's hash costs.
"""

from __future__ import annotations

import argon2

_defaults = argon2.PasswordHasher.__init__.__defaults__ or ()
argon2.PasswordHasher.__init__.__defaults__ = (1, 8, 1, *_defaults[3:])
