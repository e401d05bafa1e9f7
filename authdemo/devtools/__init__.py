"""Parts of a page that show a signed-in user the session: place them on any page.

Install them with `pip install 'authdemo[devtools]'`.
"""

from __future__ import annotations

from pathlib import Path

from authdemo.sessions.locales import add_locales

try:
    from .attack_list import attacks
    from .change_list import timeline
    from .claim_list import token_details
    from .device_list import devices
    from .representation_list import representations
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(f"{error}. Install authdemo[devtools].", name=error.name) from error

add_locales(Path(__file__).parent / "locales")

__all__ = ["attacks", "devices", "representations", "timeline", "token_details"]
