"""What the rest is made of."""
