"""Tests of the core, which knows no web framework."""
