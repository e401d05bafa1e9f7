"""Pages that were built once: which there are, who may see them, and the session in them."""
