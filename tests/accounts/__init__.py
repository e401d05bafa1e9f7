"""Accounts with passwords, in SQLite and in PostgreSQL."""
