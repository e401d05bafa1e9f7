"""What the rest is made of, and what knows nothing of sessions."""
