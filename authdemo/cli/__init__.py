"""The command line of an app's operator: `authdemo`, or `python -m authdemo.cli`.

Install it with `pip install 'authdemo[cli]'`.
"""

from __future__ import annotations

try:
    from .main import main
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Install authdemo[cli].", name=error.name) from error

__all__ = ["main"]
