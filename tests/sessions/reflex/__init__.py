"""The parts of the Reflex layer by themselves."""
