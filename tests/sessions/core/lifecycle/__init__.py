"""Sessions from their beginning to their end."""
