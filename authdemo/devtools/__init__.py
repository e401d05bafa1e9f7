"""Parts of an inspector: place them on any page that signed-in visitors see."""

from __future__ import annotations

from .anatomy import anatomy
from .devices import devices
from .faces import faces
from .timeline import timeline

__all__ = ["anatomy", "devices", "faces", "timeline"]
