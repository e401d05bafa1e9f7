"""Tests of the ways to sign in."""
