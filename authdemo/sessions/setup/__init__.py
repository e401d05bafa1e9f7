"""One app's sessions, put together from what it chooses."""
