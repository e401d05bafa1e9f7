"""Signed tokens: their profile, their keys and how they are spelled."""
