"""Serves a built Reflex app in production: pages, API and socket on one port, without Node."""
