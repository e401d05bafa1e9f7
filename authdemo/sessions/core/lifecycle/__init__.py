"""What can happen to a session from its beginning to its end."""
