"""How often, and how fast."""
