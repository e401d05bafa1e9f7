"""Tests of the wire format with the unchanged client of Auth.js."""
