"""Slim build: the pages leave out the parts of Reflex that they do without."""
