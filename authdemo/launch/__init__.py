"""Starts the app: finds Node, builds the pages when they changed, and serves."""
