"""The parts of the HTTP layer by themselves."""
