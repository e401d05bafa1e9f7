"""What the rest of the core is made of."""
