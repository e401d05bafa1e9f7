"""A light driver: many connections in one thread, each with a script of its own."""
