"""How often something may be tried, and how fast."""
