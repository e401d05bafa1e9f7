"""A Reflex app with sessions; the part that other apps adopt is `authdemo.sessions`."""

__version__ = "0.1.0"
