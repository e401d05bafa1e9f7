"""Hours in minutes."""
