"""The signed token and its keys."""
