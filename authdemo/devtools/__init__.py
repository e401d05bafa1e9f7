"""Parts of a page that show a signed-in user the session: place them on any page.

Install them with `pip install 'authdemo[devtools]'`.
"""

from __future__ import annotations

from pathlib import Path

from authdemo.sessions.locales import add_locales

try:
    from .attack_list import attacks
    from .devices import devices
    from .representations import representations
    from .timeline import timeline
    from .token_details import token_details
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Install authdemo[devtools].", name=error.name) from error

add_locales(Path(__file__).parent / "locales")

__all__ = ["attacks", "devices", "representations", "timeline", "token_details"]
