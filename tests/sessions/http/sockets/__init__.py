"""Sockets by themselves."""
