"""Each migration, by its number."""
