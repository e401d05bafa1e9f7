"""One app's sessions, put together."""
